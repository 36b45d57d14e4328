import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DocumentError } from './document-error.ts'
import type { DocumentPlace } from './document-place.ts'
import { linesOf, readDocument } from './document-text.ts'
import { headingsOf } from './headings.ts'
import { surveyFolder } from './survey.ts'

const calm = new AbortController().signal
let outer: string
let place: DocumentPlace

beforeAll(() => {
  outer = mkdtempSync(join(tmpdir(), 'belay-documents-'))
  const root = join(outer, 'root')
  place = { root, include: null, exclude: ['report'] }
  mkdirSync(join(root, 'deep', 'er'), { recursive: true })
  mkdirSync(join(root, 'report'))
  writeFileSync(join(outer, 'secret.md'), 'secret\n')
  writeFileSync(join(root, 'a.md'), '# A\nFog and fog.\nfoggy\n')
  writeFileSync(join(root, 'deep', 'er', 'b.md'), 'Fog again\r\nlast line without end')
  writeFileSync(join(root, 'report', 'report.md'), 'Fog of an earlier report\n')
  writeFileSync(join(root, '.hidden.md'), 'hidden fog\n')
  writeFileSync(join(root, 'evil.txt'), `${'a'.repeat(40)}!\n`)
  symlinkSync(join(outer, 'secret.md'), join(root, 'link.md'))
  symlinkSync(outer, join(root, 'out'))
  execFileSync('mkfifo', [join(root, 'pipe')])
})
afterAll(() => rmSync(outer, { recursive: true }))

describe('containment', () => {
  test.each([
    '../secret.md',
    'deep/../../secret.md',
    'deep/er/../../../secret.md',
    '/etc/passwd',
    './a.md',
    'deep//er/b.md',
    '',
    'a.md\0',
    'link.md',
    'out/secret.md',
    'deep',
    'pipe',
    'report/report.md',
    'gone.md',
    'a.md/x',
  ])('%j is refused', async (path) => {
    await expect(readDocument(place, path)).rejects.toThrow(DocumentError)
  })

  test('a path inside is read', async () => {
    expect((await readDocument(place, 'deep/er/b.md')).lines).toEqual(['Fog again', 'last line without end'])
  })

  test('an include list leaves everything else out', async () => {
    const narrow = { ...place, include: ['deep'] }
    await expect(readDocument(narrow, 'a.md')).rejects.toThrow('There is no document')
    expect((await surveyFolder(narrow, calm)).documents.map(({ path }) => path)).toEqual(['deep/er/b.md'])
  })
})

test('the survey lists documents in a stable order and names what it leaves out', async () => {
  const { documents, notes } = await surveyFolder(place, calm)
  expect(documents.map(({ path, lines }) => [path, lines])).toEqual([
    ['a.md', 3],
    ['evil.txt', 1],
    ['deep/er/b.md', 2],
  ])
  expect(notes).toEqual([
    'link.md: left out, links are not followed',
    'out: left out, links are not followed',
    'pipe: left out, it is not a regular file',
  ])
})

test.each([
  ['', []],
  ['a', ['a']],
  ['a\n', ['a']],
  ['a\r\nb\rc\n\n', ['a', 'b', 'c', '']],
])('lines of %j', (text, lines) => {
  expect(linesOf(text)).toEqual(lines)
})

test('headings of Markdown and underlined ones, none from code; else the first line', () => {
  const headings = (text: string) =>
    headingsOf({ path: 'x', lines: text.split('\n'), size: 0, sha256: '', isCut: false })
  expect(headings('# One\n```\n# not\n```\n## Two ##\nThree\n=====\n')).toEqual(['One', 'Two', 'Three'])
  expect(headings('\n  first words\nmore')).toEqual(['first words'])
})
