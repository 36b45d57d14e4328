/**
 * Whether two JSON values are the same, whatever the order of their keys. A property that is `undefined` counts as
 * absent, as in JSON. What is not JSON is equal only to itself.
 */
export function isStructurallyEqual(left: unknown, right: unknown): boolean {
  if (left === right) return true
  if (!isComposite(left) || !isComposite(right)) return Number.isNaN(left) && Number.isNaN(right)
  if (Array.isArray(left) || Array.isArray(right)) {
    if (!Array.isArray(left) || !Array.isArray(right) || left.length !== right.length) return false
    return left.every((item, index) => isStructurallyEqual(item, right[index]))
  }
  if (!isPlain(left) || !isPlain(right)) return false
  const keys = keysOf(left)
  return (
    keys.length === keysOf(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && isStructurallyEqual(left[key], right[key]))
  )
}

type Composite = Readonly<Record<string, unknown>>

const isComposite = (value: unknown): value is Composite => typeof value === 'object' && value !== null

/** A Date or a Map has no own keys: without this all of them would be equal. */
function isPlain(value: Composite): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

const keysOf = (value: Composite): string[] => Object.keys(value).filter((key) => value[key] !== undefined)
