/** Who does what a key names, for people: `read/2/reader/model-1` is the third reader. */
export function actorOf(key: string): string {
  const reader = /^read\/(\d+)(?:\/|$)/.exec(key)
  if (reader !== null) return `reader ${Number(reader[1]) + 1}`
  return key.split('/')[0] ?? key
}
