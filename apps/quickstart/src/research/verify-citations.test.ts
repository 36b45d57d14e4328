import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DocumentPlace } from '../documents/document-place.ts'
import { surveyFolder } from '../documents/survey.ts'
import type { Finding } from './schemas.ts'
import { verifyCitations } from './verify-citations.ts'

const text = `# Locks

The keeper opens the lock at night
for ships that show two lanterns.

Nobody passes without paying the night toll.
`
let place: DocumentPlace
beforeAll(() => {
  const root = mkdtempSync(join(tmpdir(), 'belay-verify-'))
  place = { root, include: null, exclude: [] }
  writeFileSync(join(root, 'lock.md'), text)
  writeFileSync(join(root, 'other.md'), 'Something else is written here.\n')
})
afterAll(() => rmSync(place.root, { recursive: true }))

const good: Finding = {
  claim: 'The keeper opens the lock at night.',
  file: 'lock.md',
  line: 3,
  quote: 'The keeper opens the lock at night for ships that show two lanterns.',
}

async function outcome(change: Partial<Finding>): Promise<{ kept: number; reasons: string[] }> {
  const draft = { title: 't', summary: 's', sections: [{ heading: 'h', claims: [{ ...good, ...change }] }] }
  const { kept, removed, draft: checked } = await verifyCitations(place, draft, [])
  expect(checked.sections.length).toBe(kept)
  return { kept, reasons: removed.map(({ reason }) => reason) }
}

describe('what holds', () => {
  test.each([
    ['the very words', {}],
    ['a line too low', { line: 2 }],
    ['a line too high', { line: 4, quote: 'for ships that show two lanterns.' }],
    ['other white space', { quote: ' The keeper  opens\tthe lock at night\n for ships' }],
    ['a part of a line', { quote: 'the lock at night' }],
  ] satisfies [string, Partial<Finding>][])('%s', async (_title, change) => {
    expect(await outcome(change)).toEqual({ kept: 1, reasons: [] })
  })
})

describe('what is removed', () => {
  const absent = 'the quote is not written there'
  test.each([
    ['a wrong line', { line: 6 }, absent],
    ['a line after the end', { line: 400 }, absent],
    ['another file', { file: 'other.md' }, absent],
    ['an invented quote', { quote: 'The keeper opens the lock at dawn' }, absent],
    ['one letter changed', { quote: good.quote.replace('two', 'ten') }, absent],
    ['words left out', { quote: 'The keeper opens for ships that show two lanterns.' }, absent],
    ['other letter case', { quote: good.quote.toUpperCase() }, absent],
    [
      'two passages as one',
      { quote: 'The keeper opens the lock at night. Nobody passes without paying' },
      absent,
    ],
    [
      'a quote that begins further down',
      { line: 3, quote: 'Nobody passes without paying the night toll.' },
      absent,
    ],
    ['a quote too short to prove anything', { quote: 'the' }, 'the quote is too short to prove anything'],
    ['a file that is not there', { file: 'gone.md' }, 'There is no document "gone.md".'],
    ['a file outside', { file: '../lock.md' }, 'The path "../lock.md" is not one of a document'],
  ] satisfies [string, Partial<Finding>, string][])('%s', async (_title, change, reason) => {
    const { kept, reasons } = await outcome(change)
    expect(kept).toBe(0)
    expect(reasons).toHaveLength(1)
    expect(reasons[0]).toContain(reason)
  })
})

test('good and bad claims of one section are told apart, and empty sections go', async () => {
  const bad = { ...good, line: 6 }
  const draft = {
    title: 't',
    summary: 's',
    sections: [
      { heading: 'both', claims: [bad, good, bad] },
      { heading: 'none', claims: [bad] },
    ],
  }
  const verified = await verifyCitations(place, draft, [])
  expect(verified).toMatchObject({ kept: 1, draft: { sections: [{ heading: 'both', claims: [good] }] } })
  expect(verified.removed).toHaveLength(3)
})

test('a document that is not what it was is named', async () => {
  const { documents } = await surveyFolder(place, new AbortController().signal)
  const draft = { title: 't', summary: 's', sections: [{ heading: 'h', claims: [good] }] }
  expect((await verifyCitations(place, draft, documents)).changed).toEqual([])
  writeFileSync(join(place.root, 'lock.md'), `${text}More.\n`)
  const verified = await verifyCitations(place, draft, documents)
  writeFileSync(join(place.root, 'lock.md'), text)
  expect(verified).toMatchObject({ kept: 1, changed: ['lock.md'] })
})
