/** Checks of options that a type checker has not seen. Each says what is wrong with a name, and never a value. */
export interface OptionCheck {
  /** An object, with nothing but these keys. A misspelt one would be a limit or a guard that does not hold. */
  keys(name: string, value: unknown, known: readonly string[]): void
  texts(name: string, value: unknown): void
  record(name: string, value: unknown): void
  /** One of the types of `typeof`, or absent. */
  type(name: string, value: unknown, ...types: readonly string[]): void
}

/** Checks for one function; `refuse` throws. */
export function optionCheck(refuse: (why: string) => never): OptionCheck {
  const isObject = (value: unknown): value is object =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
  return {
    keys: (name, value, known) => {
      if (!isObject(value)) return refuse(`${name} must be an object.`)
      const unknown = Object.keys(value).find((key) => !known.includes(key))
      if (unknown !== undefined) refuse(`${name} has no ${unknown}. Known are: ${known.join(', ')}.`)
    },
    texts: (name, value) => {
      if (value !== undefined && !(Array.isArray(value) && value.every((one) => typeof one === 'string')))
        refuse(`${name} must be a list of texts.`)
    },
    record: (name, value) => {
      if (value === undefined) return
      if (!isObject(value) || Object.values(value).some((one) => typeof one !== 'string'))
        refuse(`${name} must be an object of texts.`)
    },
    type: (name, value, ...types) => {
      if (value !== undefined && !types.includes(typeof value))
        refuse(`${name} must be of type ${types.join(' or ')}.`)
    },
  }
}
