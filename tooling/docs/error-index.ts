import { posix } from 'node:path'
import { errorFolder, type ErrorPage } from './error-pages.ts'

/** What stands before it is written by hand. */
export const indexMarker = '<!-- `npm run errors` writes what follows, from the pages in errors/. -->'

/** The page that lists all codes: its own words up to the marker, then one line for each page. */
export function errorIndex(current: string, pages: readonly ErrorPage[]): string {
  const [intro = ''] = current.split(indexMarker)
  const categories = Map.groupBy(
    pages.toSorted((a, b) => (a.title < b.title ? -1 : 1)),
    (page) => page.category,
  )
  const lists = [...categories].map(([category, members]) => {
    const lines = members.map((page) => `- [\`${page.title}\`](${linkTo(page)}): ${page.summary}`)
    return `## ${category}\n\n${lines.join('\n')}\n`
  })
  return `${intro}${indexMarker}\n\n${lists.join('\n')}`
}

const linkTo = (page: ErrorPage): string => `errors/${posix.relative(errorFolder, page.path)}`
