import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { errorIndex } from '../docs/error-index.ts'
import {
  errorFolder,
  errorIndexFile,
  errorPageFaults,
  errorPageFile,
  errorPageStub,
  metaFields,
  readErrorPage,
} from '../docs/error-pages.ts'
import { parsePage, readPages } from '../docs/markdown.ts'
import { thrownErrors, thrownIn } from '../docs/thrown-errors.ts'
import { root } from '../scripts/process.ts'

interface Core {
  readonly allErrorCodes: readonly string[]
  readonly HarnessError: new (init: { code: string; message: string }) => {
    readonly docs: string
    readonly category: string
  }
}

const core = (await import(pathToFileURL(join(root, 'packages/core/dist/index.js')).href)) as Core
const pages = readPages(root, [`${errorFolder}/*.md`]).map(readErrorPage)
const byPath = new Map(pages.map((page) => [page.path, page]))
const byCode = new Map(pages.map((page) => [page.title, page]))

describe('the pages of error codes', () => {
  test('there is one for each code, and it says all that it has to [ERR-5]', () => {
    const faults = core.allErrorCodes.flatMap((code) =>
      errorPageFaults(code, byPath.get(errorPageFile(code))),
    )
    expect(faults).toEqual([])
  })

  test('there is none for anything else', () => {
    expect(pages.map(({ path }) => path).toSorted()).toEqual(core.allErrorCodes.map(errorPageFile).toSorted())
  })

  test('an error names its page', () => {
    for (const code of core.allErrorCodes) {
      const { docs, category } = new core.HarnessError({ code, message: '' })
      expect(docs).toBe(errorPageFile(code))
      expect(byPath.get(docs)?.category).toBe(category)
    }
  })

  test('the list is the one that `npm run errors` writes', () => {
    const current = readFileSync(join(root, errorIndexFile), 'utf8')
    expect(current).toBe(errorIndex(current, pages))
  })
})

describe('what the source throws', () => {
  const thrown = thrownErrors(root)

  test('is seen', () => {
    expect(thrown.length).toBeGreaterThan(40)
  })

  test('has no fact in `meta` that its page does not list', () => {
    const faults = thrown.flatMap(({ at, code, meta }) => {
      const page = byCode.get(code)
      const listed = page === undefined ? [] : metaFields(page)
      return meta
        .filter((field) => !listed.includes(field))
        .map((field) => `${at}: ${code} has meta.${field}, which ${errorPageFile(code)} does not list`)
    })
    expect(faults).toEqual([])
  })

  test('is retryable where its page says so, and nowhere else', () => {
    const faults = thrown.flatMap(({ at, code, retryable = false }) => {
      const said = byCode.get(code)?.retryable ?? 'no'
      const fits = said.startsWith('sometimes') || (said === 'yes') === retryable
      return fits ? [] : [`${at}: retryable is ${String(retryable)}; ${errorPageFile(code)} says ${said}`]
    })
    expect(faults).toEqual([])
  })
})

describe('the check itself', () => {
  const page = (text: string) => readErrorPage(parsePage(errorPageFile('run/ended'), text))
  const good = readFileSync(join(root, errorPageFile('run/ended')), 'utf8')

  test('a page that is only begun does not pass, and neither does none', () => {
    expect(errorPageFaults('run/ended', page(good))).toEqual([])
    expect(errorPageFaults('run/ended', page(errorPageStub('run/ended'))).join()).toContain('TODO')
    expect(errorPageFaults('run/ended', undefined).join()).toContain('npm run errors')
  })

  test.each([
    ['another title', '# run/ended', '# run/over'],
    ['no sentence', /^The run has ended.*$/m, ''],
    ['another category', '`run`', '`step`'],
    ['no word on retries', '- Retryable: no\n', ''],
    ['nothing on when', /## When\n\n.*\n/, '## When\n\nThen.\n'],
    ['nothing to do', /## What to do\n\n.*\n/, '## What to do\n\n'],
    ['no facts', /\| `runId`[^]*?\n\n/, '\n'],
    ['no message', /```text[^]*?```/, ''],
  ])('rejects a page with %s', (_fault, from, to) => {
    const planted = good.replace(from, to)
    expect(planted).not.toBe(good)
    expect(errorPageFaults('run/ended', page(planted))).not.toEqual([])
  })

  test('finds codes, facts and retries in source', () => {
    const source = `throw new HarnessError({
      code: 'run/leased',
      retryable: true,
      meta: { runId, ...(x !== undefined && { extra: x }), 'left': 1 },
    })`
    expect(thrownIn('a.ts', source)).toEqual([
      { at: 'a.ts:1', code: 'run/leased', meta: ['runId', 'extra', 'left'], retryable: true },
    ])
  })
})
