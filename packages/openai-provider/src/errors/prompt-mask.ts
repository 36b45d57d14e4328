/** Shared runs of at least this many characters count as a quotation; shorter ones are mostly grammar. */
const gramLength = 12

/** A whole text this short is looked for as a word of its own. */
const minWordLength = 4

/**
 * Replaces what `message` shares with any of the texts. Providers quote the prompt in their errors, so the
 * message is compared with everything that was sent. One pass over the texts with a rolling filter of the
 * message's runs: a prompt of megabytes costs milliseconds.
 */
export function promptMask(message: string, texts: Iterable<string>, mark: string): string {
  const grams = gramsOf(message)
  const filter = filterOf(grams)
  const hidden = new Uint8Array(message.length)
  for (const text of texts) {
    const trimmed = text.trim()
    if (trimmed.length < gramLength) hideWord(message, trimmed, hidden)
    else hideShared(text, grams, filter, hidden)
  }
  return replaceHidden(message, hidden, mark)
}

type Grams = ReadonlyMap<string, readonly number[]>

function gramsOf(message: string): Grams {
  const grams = new Map<string, number[]>()
  for (let at = 0; at + gramLength <= message.length; at += 1) {
    const gram = message.slice(at, at + gramLength)
    const places = grams.get(gram)
    if (places) places.push(at)
    else grams.set(gram, [at])
  }
  return grams
}

/** Two characters name a slot: cheap to compute at each position, and enough to skip nearly all of a text. */
function slot(text: string, at: number): number {
  return (
    (text.charCodeAt(at) * 31 + text.charCodeAt(at + 5) * 7 + text.charCodeAt(at + gramLength - 1)) & 0xffff
  )
}

function filterOf(grams: Grams): Uint8Array {
  const filter = new Uint8Array(0x10000)
  for (const gram of grams.keys()) filter[slot(gram, 0)] = 1
  return filter
}

function hideShared(text: string, grams: Grams, filter: Uint8Array, hidden: Uint8Array): void {
  if (grams.size === 0) return
  for (let at = 0; at + gramLength <= text.length; at += 1) {
    if (filter[slot(text, at)] === 0) continue
    for (const place of grams.get(text.slice(at, at + gramLength)) ?? []) {
      hidden.fill(1, place, place + gramLength)
    }
  }
}

function hideWord(message: string, word: string, hidden: Uint8Array): void {
  if (word.length < minWordLength) return
  for (let at = message.indexOf(word); at >= 0; at = message.indexOf(word, at + 1)) {
    const around = `${message.charAt(at - 1)}${message.charAt(at + word.length)}`
    if (!/\w/.test(around)) hidden.fill(1, at, at + word.length)
  }
}

function replaceHidden(message: string, hidden: Uint8Array, mark: string): string {
  let out = ''
  for (let at = 0; at < message.length; at += 1) {
    if (hidden[at] === 0) out += message.charAt(at)
    else if (at === 0 || hidden[at - 1] === 0) out += mark
  }
  return out
}
