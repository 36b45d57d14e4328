import type { Store } from '@belay/core/ports'
import { callsOf, storeMethods } from './store-methods.ts'
import type { StoreMethod } from './store-methods.ts'
import { decode, encode, toWireError } from './wire.ts'
import type { Call } from './wire.ts'

/**
 * Serves a store to the process that forked this one, until that process goes away. Calls are made as
 * they arrive and are not put in a row.
 */
export function serveStore(store: Store): void {
  const call = callsOf(store)
  const answer = async ({ method, args }: Call): Promise<unknown> => {
    if (method === 'close') return store.close()
    if (!storeMethods.includes(method as StoreMethod)) throw new TypeError(`A store has no method ${method}`)
    return call(method as StoreMethod, args)
  }
  const send = (text: string): void => void process.send?.(text, undefined, {}, ignoreLostParent)

  process.on('message', (text) => {
    const message = decode(text)
    if (message?.type !== 'call') return
    const { id } = message
    void answer(message).then(
      (value) => send(encode({ type: 'value', id, value })),
      (error: unknown) => send(encode({ type: 'error', id, error: toWireError(error) })),
    )
  })
  process.once('disconnect', () => void store.close())
  send(encode({ type: 'hello', info: store.info, keepFinishedRuns: store.keepFinishedRuns }))
}

/** The parent may be gone when an answer is ready; `disconnect` ends this process then. */
function ignoreLostParent(): void {}
