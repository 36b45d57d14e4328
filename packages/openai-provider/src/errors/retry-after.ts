/** How long the provider asks to wait: `retry-after-ms`, or `retry-after` in seconds or as a date. */
export function retryAfterMs(headers: Headers): number | undefined {
  const exact = Number.parseFloat(headers.get('retry-after-ms') ?? '')
  if (Number.isFinite(exact) && exact >= 0) return Math.round(exact)
  const value = headers.get('retry-after')?.trim()
  if (!value) return undefined
  if (/^\d+(?:\.\d+)?$/.test(value)) return Math.round(Number(value) * 1_000)
  const date = Date.parse(value)
  if (Number.isNaN(date)) return undefined
  // The provider's own clock, when it gives one, so that a wrong clock here does not shift the wait.
  const sent = Date.parse(headers.get('date') ?? '')
  return Math.max(0, date - (Number.isNaN(sent) ? Date.now() : sent))
}
