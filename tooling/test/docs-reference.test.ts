import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { eventTables } from '../docs/events.ts'
import { readPages, slugOf } from '../docs/markdown.ts'
import { sectionsOf, tableFields } from '../docs/sections.ts'
import { root } from '../scripts/process.ts'

const pageAt = (path: string) => {
  const [page] = readPages(root, [path])
  if (page === undefined) throw new Error(`there is no ${path}`)
  return page
}

interface Core {
  readonly allErrorCodes: readonly string[]
  readonly HarnessError: new (init: { code: string; message: string }) => { readonly docs: string }
}

const core = (await import(pathToFileURL(join(root, 'packages/core/dist/index.js')).href)) as Core

describe('docs/reference/errors.md', () => {
  const page = pageAt('docs/reference/errors.md')

  test('has a section for each code, and no other', () => {
    const titles = sectionsOf(page, 2).map(({ title }) => title)
    expect(titles.toSorted()).toEqual([...core.allErrorCodes].toSorted())
  })

  test('says something about each', () => {
    for (const { title, text } of sectionsOf(page, 2)) expect(text.trim().length, title).toBeGreaterThan(40)
  })

  test('is where an error says that it is explained', () => {
    for (const code of core.allErrorCodes) {
      const { docs } = new core.HarnessError({ code, message: '' })
      expect(docs).toBe(`docs/reference/errors.md#${slugOf(code)}`)
      expect([...page.anchors]).toContain(slugOf(code))
    }
  })
})

describe('docs/reference/events.md', () => {
  const page = pageAt('docs/reference/events.md')
  const tables = eventTables()
  const sections = sectionsOf(page, 3)

  test('has a section for each event, and no other', () => {
    const types = [...Object.keys(tables.committed), ...Object.keys(tables.transient)]
    expect(sections.map(({ title }) => title).toSorted()).toEqual(types.toSorted())
  })

  test('has the fields of every result', () => {
    const results = sectionsOf(page, 2).find(({ title }) => title === 'Results')
    expect(results && tableFields(results)).toEqual(tables.result)
  })

  test.each(Object.entries({ ...tables.committed, ...tables.transient }))(
    'has the fields of %s',
    (type, fields) => {
      const section = sections.find(({ title }) => title === type)
      if (section === undefined) throw new Error(`no section for ${type}`)
      const inherited =
        section.text.includes('[result](#results)') && fields.includes('status') ? tables.result : []
      expect([...new Set([...inherited, ...tableFields(section)])].toSorted()).toEqual(fields)
    },
  )
})
