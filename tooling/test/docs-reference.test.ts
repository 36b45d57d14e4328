import { describe, expect, test } from 'vitest'
import { eventTables } from '../docs/events.ts'
import { readPages } from '../docs/markdown.ts'
import { sectionsOf, tableFields } from '../docs/sections.ts'
import { root } from '../scripts/process.ts'

const pageAt = (path: string) => {
  const [page] = readPages(root, [path])
  if (page === undefined) throw new Error(`there is no ${path}`)
  return page
}

describe('docs/reference/events.md', () => {
  const page = pageAt('docs/reference/events.md')
  const tables = eventTables()
  const sections = sectionsOf(page, 3)

  test('has a section for each event, and no other', () => {
    const types = Object.keys({ ...tables.transient, ...tables.committed })
    expect(sections.map(({ title }) => title).toSorted()).toEqual(types.toSorted())
  })

  test('has the fields of every result', () => {
    const results = sectionsOf(page, 2).find(({ title }) => title === 'Results')
    expect(results && tableFields(results)).toEqual(tables.result)
  })

  test('has the fields of ends that are not recorded', () => {
    const unrecorded = sectionsOf(page, 2).find(({ title }) => title === 'Ends that are not recorded')
    const both = Object.entries(tables.transient).filter(([type]) => type in tables.committed)
    expect(both.length).toBeGreaterThan(0)
    for (const [, fields] of both) expect(unrecorded && tableFields(unrecorded)).toEqual(fields)
  })

  test.each(Object.entries({ ...tables.transient, ...tables.committed }))(
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
