/**
 * Names one execution of something that begins and ends: its key in the run, and the attempt of the run that executed
 * it. An attempt that goes on with what another one left begins it anew, under another id.
 */
export function operationId(key: string, runAttempt: number): string {
  return `${key}@${runAttempt}`
}
