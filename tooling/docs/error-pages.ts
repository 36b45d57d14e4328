import { sectionsOf } from './sections.ts'
import type { Page } from './markdown.ts'

/** Where the pages of error codes are, and the page that lists them. */
export const errorFolder = 'docs/reference/errors'
export const errorIndexFile = 'docs/reference/errors.md'

/** What is left to write in a page that `npm run errors` began. */
const gap = 'TODO'

/** One page of an error code, as far as it is written. */
export interface ErrorPage {
  readonly path: string
  readonly title: string
  /** The sentence below the title. */
  readonly summary: string
  readonly category: string
  /** `yes`, `no` or `sometimes: when …`. */
  readonly retryable: string
  readonly when: string
  readonly remedy: string
  readonly meta: string
  readonly message: string
  readonly text: string
}

/** The page of a code. */
export const errorPageFile = (code: string): string => `${errorFolder}/${code.replace('/', '-')}.md`

/** Takes a page of an error code apart; what it lacks is empty. */
export function readErrorPage(page: Page): ErrorPage {
  const sections = new Map(sectionsOf(page, 2).map(({ title, text }) => [title, text.trim()]))
  const section = (title: string): string => sections.get(title) ?? ''
  const head = page.text.split('\n## ')[0] ?? ''
  const fact = (name: string): string => new RegExp(`^- ${name}: (.*)$`, 'm').exec(head)?.[1] ?? ''
  const summary = /^# .*\n\n((?:[^\n-].*\n)+)/.exec(head)?.[1] ?? ''
  return {
    path: page.path,
    title: page.headings[0] ?? '',
    summary: summary.trim().replaceAll('\n', ' '),
    category: fact('Category').replaceAll('`', ''),
    retryable: fact('Retryable'),
    when: section('When'),
    remedy: section('What to do'),
    meta: section('Meta'),
    message: section('Message'),
    text: page.text,
  }
}

/** The fields that a page lists below _Meta_. */
export function metaFields(page: ErrorPage): string[] {
  return page.meta
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .flatMap((line) => /`([^`]+)`/.exec(line.split('|')[1] ?? '')?.[1] ?? [])
}

/** A page to be filled. It does not pass before every gap in it is closed. */
export function errorPageStub(code: string): string {
  return `# ${code}

${gap}: what happened, in one sentence.

- Category: \`${code.split('/')[0] ?? ''}\`
- Retryable: ${gap} (yes, no, or "sometimes: when …")

## When

${gap}: when it is thrown, and what has not been done then.

## What to do

${gap}

## Meta

${gap}: a table with the fields of \`meta\`, a field that is not always there in _italics_; or "None."

## Message

\`\`\`text
${gap}: an example
\`\`\`

[All codes](../errors.md)
`
}

/** What is missing or wrong in the page of a code, one line each. */
export function errorPageFaults(code: string, page: ErrorPage | undefined): string[] {
  const path = errorPageFile(code)
  if (page === undefined)
    return [`${code} has no page: \`npm run errors\` begins ${path}; fill it and run that again`]
  const faults: string[] = []
  const demand = (holds: boolean, what: string): void => void (holds || faults.push(`${path}: ${what}`))
  demand(!page.text.includes(gap), `"${gap}" is left in it; say what belongs there`)
  demand(page.title === code, `its title has to be "${code}"`)
  demand(/^\S.*\.$/.test(page.summary), 'a sentence has to stand below the title')
  demand(page.category === code.split('/')[0], `it has to say "- Category: \`${code.split('/')[0] ?? ''}\`"`)
  demand(
    /^(yes|no|sometimes: \S.*)$/.test(page.retryable),
    'it has to say "- Retryable: yes", "no" or "sometimes: when …"',
  )
  demand(page.when.length >= 30, 'the section "When" says too little')
  demand(page.remedy.length >= 10, 'the section "What to do" says too little')
  demand(page.meta === 'None.' || metaFields(page).length > 0, 'the section "Meta" needs a table or "None."')
  demand(/^```text\n(?!\n)[^]+\n```/.test(page.message), 'the section "Message" needs a `text` block')
  return faults
}
