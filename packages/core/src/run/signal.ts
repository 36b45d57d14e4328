import type { OperationScope } from '../history/event.ts'
import { HarnessError } from '../errors/harness-error.ts'

/**
 * Cancellation of a tree of operations. The tree itself is plain objects: an `AbortSignal` is only made when
 * somebody asks for one, and detaching a child leaves no listener behind, so a run of a million steps holds
 * nothing of those that ended.
 */
export class Cancellation {
  #controller: AbortController | undefined
  #reason: unknown
  #aborted = false
  #parent: Cancellation | undefined
  // Made when first needed: most operations end with nothing hanging on them.
  #children: Set<Cancellation> | undefined
  #onAbort: Set<(reason: unknown) => void> | undefined
  #cleanUp: (() => void)[] | undefined

  constructor(parent?: Cancellation) {
    this.#parent = parent
    if (parent === undefined) return
    if (parent.aborted) this.abort(parent.reason)
    else (parent.#children ??= new Set()).add(this)
  }

  get aborted(): boolean {
    return this.#aborted
  }

  get reason(): unknown {
    return this.#reason
  }

  /** Whether nothing hangs on it. */
  get idle(): boolean {
    return (this.#children?.size ?? 0) === 0 && (this.#onAbort?.size ?? 0) === 0
  }

  /** The signal to hand to user code. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#aborted) this.#controller.abort(this.#reason)
    }
    return this.#controller.signal
  }

  abort(reason: unknown): void {
    if (this.#aborted) return
    this.#aborted = true
    this.#reason = reason
    for (const child of [...(this.#children ?? [])]) child.abort(reason)
    for (const listener of [...(this.#onAbort ?? [])]) listener(reason)
    this.#onAbort = undefined
    this.#controller?.abort(reason)
    this.dispose()
  }

  /** Calls `listener` on abort, at once when it has happened; returns the function that ends it. */
  onAbort(listener: (reason: unknown) => void): () => void {
    if (this.#aborted) {
      listener(this.#reason)
      return () => undefined
    }
    ;(this.#onAbort ??= new Set()).add(listener)
    return () => void this.#onAbort?.delete(listener)
  }

  /** Follows a signal of the caller until this operation is over. */
  follow(signal: AbortSignal, reason: (cause: unknown) => unknown): void {
    if (signal.aborted) return this.abort(reason(signal.reason))
    const listener = (): void => this.abort(reason(signal.reason))
    signal.addEventListener('abort', listener, { once: true })
    ;(this.#cleanUp ??= []).push(() => signal.removeEventListener('abort', listener))
  }

  /** Detaches from the parent and from every followed signal. */
  dispose(): void {
    if (this.#parent !== undefined) this.#parent.#children?.delete(this)
    this.#parent = undefined
    const cleanUp = this.#cleanUp ?? []
    this.#cleanUp = undefined
    for (const clean of cleanUp) clean()
  }
}

/** The error of something that was cancelled. */
export function cancelled(scope: OperationScope, message: string, cause?: unknown): HarnessError {
  return new HarnessError({ code: 'operation/cancelled', message, meta: { scope }, cause })
}

/** The error of something that took too long. */
export function timedOut(scope: OperationScope, what: string, timeoutMs: number): HarnessError {
  return new HarnessError({
    code: 'operation/timeout',
    message: `${what} took longer than ${timeoutMs} ms. Raise its limit, or find out what is slow.`,
    meta: { scope, timeoutMs },
  })
}
