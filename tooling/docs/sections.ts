import type { Page } from './markdown.ts'

/** A heading and the lines below it, down to the next heading of its level or a higher one. */
export interface Section {
  readonly title: string
  readonly text: string
}

/** The sections of a page whose headings have so many `#`. */
export function sectionsOf(page: Page, level: number): Section[] {
  const sections: { title: string; lines: string[] }[] = []
  let inside: { title: string; lines: string[] } | undefined
  for (const line of page.text.split('\n')) {
    const [, marks = '', title = ''] = /^(#{1,6})\s+(.*)$/.exec(line) ?? []
    if (marks !== '' && marks.length <= level) {
      inside = marks.length === level ? { title, lines: [] } : undefined
      if (inside !== undefined) sections.push(inside)
    } else inside?.lines.push(line)
  }
  return sections.map(({ title, lines }) => ({ title, text: lines.join('\n') }))
}

/** The names in the first column of the tables of a section. */
export function tableFields({ text }: Section): string[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .flatMap((line) => (line.split('|')[1] ?? '').match(/`([^`]+)`/g) ?? [])
    .map((name) => name.replaceAll('`', ''))
    .toSorted()
}
