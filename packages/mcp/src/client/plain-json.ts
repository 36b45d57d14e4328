/** Deeper is not for people either; a journal takes 256. */
const maxDepth = 64

/** Whether a parsed value can be written, hashed and stored as it is: not too deep, and no half of a character in it. */
export function isPlainJson(root: unknown): boolean {
  const open: { readonly value: unknown; readonly depth: number }[] = [{ value: root, depth: 0 }]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, depth } = next
    if (typeof value === 'string' && !value.isWellFormed()) return false
    if (typeof value !== 'object' || value === null) continue
    if (depth >= maxDepth) return false
    for (const [key, inner] of Object.entries(value)) {
      if (!key.isWellFormed()) return false
      open.push({ value: inner, depth: depth + 1 })
    }
  }
  return true
}

/** The same text for equal values, whatever the order of their keys. For plain JSON. */
export function canonicalText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const entries = Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonicalText(inner)}`).join(',')}}`
}
