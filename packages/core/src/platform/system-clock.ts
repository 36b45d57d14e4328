/** Milliseconds since the epoch by this machine. The one place that reads its wall clock. */
export function systemClock(): number {
  return Date.now()
}
