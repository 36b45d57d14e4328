/** Words that say nothing about the subject of a sentence. */
const stopWords = new Set(
  (
    'a about above after again all also although always am an and another any anybody anything are as at be because been before ' +
    'being below between both but by can cannot could did do does doing done down during each either else ' +
    'ever every everything few for from further get gets give given go goes had has have having he her here hers him his ' +
    'how however i if in into is it its itself just kind let like made make makes many may me might mine more ' +
    'most much must my need needs neither never no nobody none nor not nothing now of off on once one only ' +
    'or other others our out over own per rather same say says see shall she should since so some somebody ' +
    'something still such than that the their them then there therefore these they this those though through ' +
    'to too under until up upon us use used uses using very want was way we well were what whatever when ' +
    'where whether which while who whom whose why will with within without would yet you your document documents ' +
    'question sub describe explain tell main'
  ).split(' '),
)

/** Longest first, so that `nesses` goes before `s`. */
const suffixes = [
  'ations',
  'ation',
  'ments',
  'ment',
  'ness',
  'ings',
  'ing',
  'ions',
  'ion',
  'ies',
  'ied',
  'ed',
  'es',
  'ly',
  's',
  'e',
]

/** Below this a word without its ending would be taken for too many others. */
const minStem = 3

/** The subject words of a text in order, without endings. */
export function stemsOf(text: string): string[] {
  return wordsOf(text)
    .filter((word) => !stopWords.has(word))
    .map(stem)
}

/** Letters and digits in runs, lower case; names such as `run/leased` fall into their parts. */
export function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
}

/** A word without its ending: light, so that two words rarely meet that mean different things. */
export function stem(word: string): string {
  const suffix = suffixes.find((ending) => isEnding(word, ending))
  if (suffix === undefined) return word
  const base = word.slice(0, -suffix.length)
  // "running" and "run"; but "all" and "process" keep what they have.
  return suffix !== 's' && suffix !== 'e' && /([bdgmnprt])\1$/.test(base) ? base.slice(0, -1) : base
}

/** The last letter of "process" and "status" is no plural. */
function isEnding(word: string, ending: string): boolean {
  if (!word.endsWith(ending) || word.length - ending.length < minStem) return false
  return ending !== 's' || !/[siu]s$/.test(word)
}

/** How often each stem occurs. */
export function countsOf(stems: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const each of stems) counts.set(each, (counts.get(each) ?? 0) + 1)
  return counts
}

/** How much of the smaller set of stems the two texts share: 0 to 1. */
export function overlap(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const smaller = Math.min(a.size, b.size)
  return smaller === 0 ? 0 : a.intersection(b).size / smaller
}
