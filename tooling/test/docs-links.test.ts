import { expect, test } from 'vitest'
import { brokenLinks } from '../docs/links.ts'
import { parsePage, readPages } from '../docs/markdown.ts'
import { root } from '../scripts/process.ts'

const everyPage = ['*.md', 'docs/**/*.md', 'packages/*/README.md', 'apps/*/README.md', 'tooling/README.md']

test('every relative link and anchor leads somewhere', () => {
  const pages = readPages(root, everyPage)
  expect(pages.length).toBeGreaterThan(10)
  expect(brokenLinks(root, pages)).toEqual([])
})

test('every page of the documentation can be reached from the README', () => {
  const pages = new Map(readPages(root, everyPage).map((page) => [page.path, page]))
  const reached = new Set<string>()
  const visit = (path: string): void => {
    const page = pages.get(path)
    if (page === undefined || reached.has(path)) return
    reached.add(path)
    for (const { target } of page.links) {
      if (/^[a-z][a-z+.-]*:/i.test(target)) continue
      const [file = ''] = target.split('#')
      visit(new URL(file, `file:///${path}`).pathname.slice(1))
    }
  }
  visit('README.md')
  expect([...pages.keys()].filter((path) => path.startsWith('docs/') && !reached.has(path))).toEqual([])
})

test('planted links are found', () => {
  const page = parsePage(
    'docs/planted.md',
    [
      '# Some `code` here',
      '[fine](#some-code-here) [far](https://example.com/x)',
      '[no anchor](#elsewhere)',
      '[no file](gone.md)',
      '[out](../../x.md)',
      '`[not a link](gone.md)`',
    ].join('\n'),
  )
  expect(brokenLinks(root, [page])).toEqual([
    'docs/planted.md:3: #elsewhere: there is no such heading',
    'docs/planted.md:4: gone.md: there is no such file',
    'docs/planted.md:5: ../../x.md: leads out of the repository',
  ])
})
