import { Buffer } from 'node:buffer'

/** Every form in which a secret may be found in a text. */
const forms: Readonly<Record<string, (secret: string) => readonly string[]>> = {
  raw: (secret) => [secret],
  'case-folded': (secret) => [secret.toLowerCase(), secret.toUpperCase()],
  reversed: (secret) => [Array.from(secret).toReversed().join('')],
  // Once for a field, again when that JSON is a string of another.
  'JSON-escaped': (secret) => [escaped(secret), escaped(escaped(secret)), escaped(escaped(escaped(secret)))],
  percent: (secret) => [encodeURIComponent(secret), encodeURI(secret)],
  hex: (secret) => [Buffer.from(secret).toString('hex'), Buffer.from(secret).toString('hex').toUpperCase()],
  base64: (secret) => inside(secret, 'base64'),
  base64url: (secret) => inside(secret, 'base64url'),
}

const escaped = (text: string): string => JSON.stringify(text).slice(1, -1)

/** A secret in the middle of a longer text stands in one of three places of a group; its ends are not certain. */
function inside(secret: string, encoding: 'base64' | 'base64url'): string[] {
  return [0, 1, 2].map((lead) => {
    const encoded = Buffer.concat([Buffer.alloc(lead), Buffer.from(secret)]).toString(encoding)
    return encoded.slice(lead === 0 ? 0 : 4, -4)
  })
}

export const formNames = Object.keys(forms)

/** One secret in one of its forms. */
export function inForm(secret: string, form: string): string {
  const [first] = forms[form]?.(secret) ?? []
  if (first === undefined) throw new Error(`There is no form ${form}.`)
  return first
}

/** Which secrets are in a text, and in which form. */
export function canariesIn(text: string, secrets: Readonly<Record<string, string>>): string[] {
  const folded = text.toLowerCase()
  return Object.entries(secrets).flatMap(([name, secret]) =>
    Object.entries(forms).flatMap(([form, shapes]) =>
      shapes(secret).some((shape) => text.includes(shape) || folded.includes(shape.toLowerCase()))
        ? [`${name} (${form})`]
        : [],
    ),
  )
}
