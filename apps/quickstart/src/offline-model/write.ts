import type { Json, ModelRequest } from '@belay/core/ports'
import type { QuotedFinding } from './findings.ts'
import { fieldOf, itemsOf, lineOf, textField, userText } from './request-view.ts'
import { queryOf, rank, type Ranked } from './text/ranking.ts'
import { overlap, stemsOf } from './text/words.ts'
import type { Thought } from './thought.ts'

interface Claim extends QuotedFinding {
  readonly text: string
  readonly section: string
}

const maxClaimsPerSection = 5
const claimsInSummary = 3
const sameClaim = 0.75
/** A summary of whole paragraphs is none. */
const maxSummaryClaimLength = 260
/** Against the second best claim: the summary is for what answers, not for what is near. */
const minSummaryShare = 0.5

/** Puts findings in order: no claim twice, the sections as they were asked for, the best ones as the summary. */
export function write(request: ModelRequest): Thought {
  const text = userText(request)
  const question = lineOf(text, /^Question:\s*/)
  const claims = claimsOf(text)
  const ranked = rank(distinct(claims), queryOf([{ text: question, weight: 1 }]))
  const sections = sectionsOf(ranked, [...new Set(claims.map(({ section }) => section))])
  const title = titleOf(question)
  if (sections.length === 0) {
    return {
      text: JSON.stringify({ title, summary: 'The documents do not answer this question.', sections: [] }),
    }
  }
  return { text: JSON.stringify({ title, summary: summaryOf(ranked), sections }) }
}

function claimsOf(text: string): Claim[] {
  return answersIn(text).flatMap((answer) => {
    const section = headingOf(textField(answer, 'question'))
    return itemsOf(fieldOf(answer, 'findings')).map((finding) => ({
      claim: textField(finding, 'claim'),
      file: textField(finding, 'file'),
      line: Number(fieldOf(finding, 'line')),
      quote: textField(finding, 'quote'),
      text: textField(finding, 'claim'),
      section,
    }))
  })
}

function answersIn(text: string): readonly Json[] {
  const start = text.indexOf('Findings:\n')
  if (start < 0) return []
  try {
    return itemsOf(JSON.parse(text.slice(start + 'Findings:\n'.length)) as Json)
  } catch {
    return []
  }
}

/** Claims that say the same become one, in the section whose question it answers best. */
function distinct(claims: readonly Claim[]): Claim[] {
  const groups: { readonly stems: ReadonlySet<string>; readonly claims: Claim[] }[] = []
  for (const claim of claims) {
    const stems = new Set(stemsOf(claim.text))
    const group = groups.find((other) => overlap(stems, other.stems) > sameClaim)
    if (group === undefined) groups.push({ stems, claims: [claim] })
    else group.claims.push(claim)
  }
  return groups.flatMap(({ stems, claims: same }) => {
    const nearness = (claim: Claim): number => new Set(stemsOf(claim.section)).intersection(stems).size
    return same.toSorted((x, y) => nearness(y) - nearness(x)).slice(0, 1)
  })
}

/** Sections in the order in which they were asked for, claims by their own score. */
function sectionsOf(ranked: readonly Ranked<Claim>[], order: readonly string[]): Json[] {
  return order.flatMap((heading) => {
    const claims = ranked
      .filter(({ item }) => item.section === heading)
      .slice(0, maxClaimsPerSection)
      .map(({ item: { claim, file, line, quote } }) => ({ claim, file, line, quote }))
    return claims.length === 0 ? [] : [{ heading, claims }]
  })
}

/** The best claims of different sections first, because the best of one section tend to say one thing. */
function summaryOf(ranked: readonly Ranked<Claim>[]): string {
  const second = ranked[1] ?? ranked[0]
  const good = ranked.filter(({ score }) => score >= (second?.score ?? 0) * minSummaryShare)
  const short = good.map(({ item }) => item).filter(({ text }) => text.length <= maxSummaryClaimLength)
  const usable = short.length > 0 ? short : ranked.map(({ item }) => item)
  const seen = new Set<string>()
  const firsts = usable.filter(({ section }) => !seen.has(section) && seen.add(section))
  const chosen = [...firsts, ...usable.filter((claim) => !firsts.includes(claim))].slice(0, claimsInSummary)
  return chosen.map(({ text }) => asSentence(text)).join(' ')
}

function asSentence(text: string): string {
  const capital = `${text.charAt(0).toUpperCase()}${text.slice(1)}`
  return /[.!?]["')\]`]*$/.test(capital) ? capital : `${capital.replace(/[;:,]$/, '')}.`
}

/** A question about one subject becomes that subject. */
function headingOf(question: string): string {
  const subject = /^What do the documents say about "(.+)"\?$/.exec(question)?.[1]
  const aspect = /^Which (.+) are (?:named|given): /.exec(question)?.[1]
  return subject ?? (aspect === undefined ? question : `${aspect.charAt(0).toUpperCase()}${aspect.slice(1)}`)
}

function titleOf(question: string): string {
  const clause = question.split(/\?|;|,\s+and\s/)[0]?.trim() ?? question
  const title = clause.length > 90 ? `${clause.slice(0, 89)}…` : clause
  return `${title.charAt(0).toUpperCase()}${title.slice(1)}`
}
