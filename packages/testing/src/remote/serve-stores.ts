import type { Store } from '@belay/core/ports'
import { callsOf, storeMethods } from './store-methods.ts'
import type { StoreMethod } from './store-methods.ts'
import { decode, encode, toWireError } from './wire.ts'
import type { Call, OpenedStore, Request } from './wire.ts'

/**
 * Serves stores to the process that forked this one, until that process goes away. `open` opens a store for its
 * arguments. Calls are made as they arrive and are not put in a row.
 */
export function serveStores(open: (args: readonly string[]) => Store): void {
  const stores = new Map<number, Store>()

  const openStore = (id: number, args: readonly string[]): OpenedStore => {
    const store = open(args)
    stores.set(id, store)
    return { info: store.info, keepFinishedRuns: store.keepFinishedRuns }
  }
  const call = async ({ store: id, method, args }: Call): Promise<unknown> => {
    const store = stores.get(id)
    if (store === undefined) throw new TypeError(`No store was opened as ${id}`)
    if (method === 'close') return store.close()
    if (!storeMethods.includes(method as StoreMethod)) throw new TypeError(`A store has no method ${method}`)
    return callsOf(store)(method as StoreMethod, args)
  }
  const answer = async (request: Request): Promise<unknown> =>
    request.type === 'open' ? openStore(request.id, request.args) : call(request)
  const send = (text: string): void => void process.send?.(text, undefined, {}, ignoreLostParent)

  process.on('message', (text) => {
    const message = decode(text)
    if (message?.type !== 'call' && message?.type !== 'open') return
    const { id } = message
    void answer(message).then(
      (value) => send(encode({ type: 'value', id, value })),
      (error: unknown) => send(encode({ type: 'error', id, error: toWireError(error) })),
    )
  })
  process.once('disconnect', () => {
    for (const store of stores.values()) void store.close()
  })
}

/** The parent may be gone when an answer is ready; `disconnect` ends this process then. */
function ignoreLostParent(): void {}
