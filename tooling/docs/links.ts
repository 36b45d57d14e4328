import { existsSync } from 'node:fs'
import { join, posix } from 'node:path'
import type { Link, Page } from './markdown.ts'

/** Links that lead nowhere, one line each: relative ones to files and anchors. Other hosts are not asked. */
export function brokenLinks(root: string, pages: readonly Page[]): string[] {
  const byPath = new Map(pages.map((page) => [page.path, page]))
  return pages.flatMap((page) =>
    page.links.flatMap((link) => {
      const fault = faultOf(root, byPath, page, link)
      return fault === undefined ? [] : [`${page.path}:${link.line}: ${link.target}: ${fault}`]
    }),
  )
}

function faultOf(
  root: string,
  byPath: ReadonlyMap<string, Page>,
  page: Page,
  { target }: Link,
): string | undefined {
  if (/^[a-z][a-z+.-]*:/i.test(target)) return undefined
  const [file = '', anchor] = target.split('#')
  const path = file === '' ? page.path : posix.join(posix.dirname(page.path), decodeURIComponent(file))
  if (path.startsWith('..')) return 'leads out of the repository'
  const other = byPath.get(path)
  if (other === undefined && !existsSync(join(root, path))) return 'there is no such file'
  if (anchor === undefined || anchor === '') return undefined
  if (other === undefined) return 'anchors are known for Markdown pages only'
  return other.anchors.has(anchor) ? undefined : 'there is no such heading'
}
