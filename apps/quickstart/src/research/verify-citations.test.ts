import type { StepSandbox } from '@belay/core'
import { PortError } from '@belay/core/ports'
import { describe, expect, test } from 'vitest'
import type { Finding } from './schemas.ts'
import { verifyCitations } from './verify-citations.ts'

const text = `# Locks

The keeper opens the lock at night
for ships that show two lanterns.

Nobody passes without paying the night toll.
`
const calm = new AbortController().signal
/** The reading half of a sandbox over two files. */
const contents: Readonly<Record<string, string>> = {
  '/workspace/lock.md': text,
  '/workspace/other.md': 'Something else is written here.\n',
}
const sandbox = {
  files: {
    read: async (path: string) => {
      if (/\/\.\.\/|\/\//.test(path))
        throw new PortError({ code: 'sandbox/path', message: 'not normal', meta: {} })
      const bytes = new TextEncoder().encode(contents[path] ?? '')
      return path in contents ? { bytes, size: bytes.length, truncated: false } : undefined
    },
  },
} as Partial<StepSandbox> as StepSandbox

const good: Finding = {
  claim: 'The keeper opens the lock at night.',
  file: 'lock.md',
  line: 3,
  quote: 'The keeper opens the lock at night for ships that show two lanterns.',
}

async function outcome(change: Partial<Finding>): Promise<{ kept: number; reasons: string[] }> {
  const draft = { title: 't', summary: 's', sections: [{ heading: 'h', claims: [{ ...good, ...change }] }] }
  const { kept, removed, draft: checked } = await verifyCitations(sandbox, draft, calm)
  expect(checked.sections.length).toBe(kept)
  return { kept, reasons: removed.map(({ reason }) => reason) }
}

describe('what holds', () => {
  test.each([
    ['the very words', {}],
    ['a path of the workspace', { file: '/workspace/lock.md' }],
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
    ['a file of the host', { file: '/etc/hostname' }, 'is not one of a document'],
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
  const verified = await verifyCitations(sandbox, draft, calm)
  expect(verified).toMatchObject({ kept: 1, draft: { sections: [{ heading: 'both', claims: [good] }] } })
  expect(verified.removed).toHaveLength(3)
})
