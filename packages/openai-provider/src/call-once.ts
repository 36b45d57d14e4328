import { requestLife, type CallScope } from './call-scope.ts'

/**
 * One request with one answer. An abort ends the call at once by throwing the signal's reason, also when the
 * producer is stuck in a read that ignores its signal.
 */
export async function callOnce<T extends object>(
  signal: AbortSignal,
  produce: (scope: CallScope) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted()
  const life = requestLife(signal)
  const pending = produce(life.start())
  pending.catch(ignore)
  try {
    const answer = await Promise.race([pending, life.ended])
    if (answer === 'ended') throw signal.reason
    return answer
  } catch (error) {
    throw signal.aborted ? signal.reason : error
  } finally {
    life.end()
  }
}

function ignore(): void {}
