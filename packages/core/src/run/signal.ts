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
  // The children in the order of their coming, each with its neighbours: a step comes and goes without a collection.
  #firstChild: Cancellation | undefined
  #lastChild: Cancellation | undefined
  #before: Cancellation | undefined
  #behind: Cancellation | undefined
  // Made when first needed: most operations end with nothing hanging on them.
  #onAbort: Set<(reason: unknown) => void> | undefined
  #cleanUp: (() => void)[] | undefined

  constructor(parent?: Cancellation) {
    if (parent === undefined) return
    // It takes no place among the others then, and so must not leave one.
    if (parent.aborted) {
      this.abort(parent.reason)
      return
    }
    this.#parent = parent
    parent.#adopt(this)
  }

  get aborted(): boolean {
    return this.#aborted
  }

  get reason(): unknown {
    return this.#reason
  }

  /** Whether nothing hangs on it. */
  get idle(): boolean {
    return this.#firstChild === undefined && (this.#onAbort?.size ?? 0) === 0
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
    // Each leaves first: one that is being aborted already, and by whose listener this was called, would stay.
    for (let child = this.#firstChild; child !== undefined; child = this.#firstChild) {
      child.#leave()
      child.abort(reason)
    }
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
    this.#leave()
    const cleanUp = this.#cleanUp ?? []
    this.#cleanUp = undefined
    for (const clean of cleanUp) clean()
  }

  #leave(): void {
    const parent = this.#parent
    if (parent === undefined) return
    this.#parent = undefined
    parent.#dismiss(this)
  }

  #adopt(child: Cancellation): void {
    child.#before = this.#lastChild
    if (this.#lastChild === undefined) this.#firstChild = child
    else this.#lastChild.#behind = child
    this.#lastChild = child
  }

  #dismiss(child: Cancellation): void {
    const before = child.#before
    const behind = child.#behind
    if (before === undefined) this.#firstChild = behind
    else before.#behind = behind
    if (behind === undefined) this.#lastChild = before
    else behind.#before = before
    child.#before = undefined
    child.#behind = undefined
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
