import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ruleFaults } from '../rules/check.ts'
import { pageFile, rulesPage } from '../rules/page.ts'
import { readRuleState } from '../rules/read.ts'
import { parseRegistry } from '../rules/registry.ts'
import { caseTitles, testTitles } from '../rules/titles.ts'
import { root } from '../scripts/process.ts'

describe('the repository', () => {
  const state = readRuleState(root)

  test('has a test for each rule that is not listed, and a rule for each id in a title', () => {
    expect(state.registry.rules.length).toBeGreaterThan(150)
    expect(ruleFaults(state)).toEqual([])
  })

  test('has a page of rules and tests that is up to date; `npm run rules` writes it', () => {
    expect(readFileSync(join(root, pageFile), 'utf8')).toBe(rulesPage(state))
  })
})

const page = (...lines: string[]) => parseRegistry('rules.md', lines.join('\n'))
const two = page(
  '# Rules',
  '',
  '- **ABC-1** is under no heading',
  '## Sessions',
  '',
  '- **SES-1** one',
  '- **SES-2** two',
)

describe('the registry', () => {
  test('is read with headings and continued lines', () => {
    const read = page(
      '# Rules',
      '',
      '## Sessions',
      '',
      'A sentence.',
      '',
      '- **SES-1** one',
      '  and more',
      '',
    )
    expect(read).toEqual({
      rules: [{ id: 'SES-1', heading: 'Sessions', text: 'one and more' }],
      faults: [],
    })
  })

  test.each([
    ['a list item without an id', '- one', 'rules.md:4: is no rule: write `- **ABC-1** text`'],
    ['an id in lower case', '- **ses-3** one', 'rules.md:4: is no rule: write `- **ABC-1** text`'],
    ['an id without a text', '- **SES-3**', 'rules.md:4: is no rule: write `- **ABC-1** text`'],
    ['an indented rule', '  - **SES-3** one', 'rules.md:4: is no rule: write `- **ABC-1** text`'],
    ['an id twice', '- **SES-1** other', 'rules.md:4: SES-1 is there twice'],
    [
      'letters of two headings',
      '## Runs\n- **SES-3** a',
      'rules.md:5: SES-3 is not under "Sessions" like SES-1',
    ],
  ])('is refused with %s', (_, line, fault) => {
    expect(page('## Sessions', '', '- **SES-1** one', line).faults).toContain(fault)
  })

  test('is refused without a rule, and with a rule under no heading', () => {
    expect(page('# Rules').faults).toEqual(['rules.md: there is no rule'])
    expect(two.faults).toEqual(['rules.md:3: ABC-1 is under no heading'])
  })
})

const titles = (text: string) => testTitles({ path: 'a.test.ts', text })

describe('a title', () => {
  test.each([
    ["it('works [SES-1]', run)", ['SES-1'], 'works'],
    ["test('[SES-1] works', run)", ['SES-1'], 'works'],
    ["test('works [SES-1, RUN-12]', run)", ['SES-1', 'RUN-12'], 'works'],
    ["describe('works [SES-1]', run)", ['SES-1'], 'works'],
    ["test.each([['a [XYZ-9]', 1]])('works: %s [SES-1]', run)", ['SES-1'], 'works: %s'],
    ["test.concurrent.for(rows)('works [SES-1]', run)", ['SES-1'], 'works'],
    ["test.runIf(linux)('works [SES-1]', run)", ['SES-1'], 'works'],
    ["it.each`a | b`('works [SES-1]', run)", ['SES-1'], 'works'],
    ['test(`works ${n} times [SES-1]`, run)', ['SES-1'], 'works … times'],
    ["test('works ' + n + ' times [SES-1]', run)", ['SES-1'], 'works … times'],
    ["test('keeps [a, b] in order [SES-1]', run)", ['SES-1'], 'keeps [a, b] in order'],
  ])('is read: %s', (text, ids, title) => {
    expect(titles(text)).toEqual([{ path: 'a.test.ts', line: 1, title, ids, proves: true }])
  })

  test.each([
    "test('works', run)",
    "test('keeps [a, b]', run)",
    "expect(titles('works [SES-1]'))",
    'const text = "it(\'works [SES-1]\')"',
    "// it('works [SES-1]', run)",
    "pattern.test('works [SES-1]')",
  ])('names nothing: %s', (text) => {
    expect(titles(text)).toEqual([])
  })

  test.each([
    "test.skip('works [SES-1]', run)",
    "test.todo('works [SES-1]')",
    "test.fails('works [SES-1]', run)",
    "describe.skip('a suite', () => { test('works [SES-1]', run) })",
    "describe.skip('a suite', () => { describe('x', () => { it.each(rows)('works [SES-1]', run) }) })",
  ])('proves nothing: %s', (text) => {
    expect(titles(text)).toMatchObject([{ ids: ['SES-1'], proves: false }])
  })

  test.each([
    ['works [SES-1,SES-2]', 'write [SES-1,SES-2] like [ABC-1] or [ABC-1, ABC-2]'],
    ['works [ses-1]', 'write [ses-1] like [ABC-1] or [ABC-1, ABC-2]'],
    ['works [SES 1]', 'write [SES 1] like [ABC-1] or [ABC-1, ABC-2]'],
    ['works [see SES-1]', 'write [see SES-1] like [ABC-1] or [ABC-1, ABC-2]'],
    ['works [SES-1] always', '[SES-1] belongs at the end or the start of the title'],
  ])('is refused: %s', (title, fault) => {
    expect(titles(`test('${title}', run)`)).toMatchObject([{ fault }])
  })

  test('of a contract case counts', () => {
    const text =
      "export const cases = [\n  { title: 'append: works [SES-1]', run },\n  { name: 'no [SES-2]' },\n]"
    expect(caseTitles({ path: 'cases.ts', text })).toEqual([
      { path: 'cases.ts', line: 2, title: 'append: works', ids: ['SES-1'], proves: true },
    ])
  })
})

describe('the check', () => {
  const registry = page('## Sessions', '', '- **SES-1** one', '- **SES-2** two')
  const check = (text: string, notTestedYet: string[] = []) =>
    ruleFaults({ registry, titles: titles(text), notTestedYet })

  test('passes when each rule is named by a test or listed', () => {
    expect(check("test('a [SES-1, SES-2]', run)")).toEqual([])
    expect(check("test('a [SES-1]', run)", ['SES-2'])).toEqual([])
  })

  test.each([
    ['a rule without a test', "test('a [SES-1]', run)", [], 'SES-2 has no test: two'],
    [
      'a rule whose only test is skipped',
      "test.skip('a [SES-1, SES-2]', run)",
      ['SES-1'],
      'SES-2 has no test: two',
    ],
    ['an id that is no rule', "test('a [SES-1, SES-3]', run)", ['SES-2'], 'a.test.ts:1: SES-3 is no rule'],
    [
      'an unknown id of a skipped test',
      "test.skip('a [RUN-1]', run)",
      ['SES-1', 'SES-2'],
      'a.test.ts:1: RUN-1 is no rule',
    ],
    [
      'a tag in another form',
      "test('a [SES-1;SES-2]', run)",
      ['SES-1', 'SES-2'],
      'a.test.ts:1: write [SES-1;SES-2] like [ABC-1] or [ABC-1, ABC-2]',
    ],
    [
      'a listed rule that has a test',
      "test('a [SES-1, SES-2]', run)",
      ['SES-2'],
      'tooling/rules/not-tested-yet.json: SES-2 has a test; take it out',
    ],
    [
      'a listed id that is no rule',
      "test('a [SES-1, SES-2]', run)",
      ['SES-9'],
      'tooling/rules/not-tested-yet.json: SES-9 is no rule',
    ],
    [
      'an id that is listed twice',
      "test('a [SES-1]', run)",
      ['SES-2', 'SES-2'],
      'tooling/rules/not-tested-yet.json: SES-2 is there twice',
    ],
  ])('finds %s', (_, text, list, fault) => {
    expect(check(text, list)).toEqual([fault])
  })

  test('finds what is wrong with the registry', () => {
    const state = { registry: two, titles: titles("test('a [SES-1, SES-2, ABC-1]', run)"), notTestedYet: [] }
    expect(ruleFaults(state)).toEqual(['rules.md:3: ABC-1 is under no heading'])
  })
})

describe('the page', () => {
  const registry = page(
    '## Sessions',
    '',
    '- **SES-1** one',
    '- **SES-2** two',
    '',
    '## Runs',
    '',
    '- **RUN-1** a',
  )
  const text = ["test('`once` is [not] code [SES-1]', run)", "test.skip('a [SES-2]', run)"].join('\n')
  const written = rulesPage({
    registry,
    titles: testTitles({ path: 'packages/core/test/a.test.ts', text }),
  })

  test('lists the tests of each rule with file and title, and says which has none', () => {
    expect(written.split('\n').slice(4)).toEqual([
      '3 rules, 2 of them without a test.',
      '',
      '## Sessions',
      '',
      '### SES-1',
      '',
      'one',
      '',
      '- [packages/core/test/a.test.ts](../../packages/core/test/a.test.ts): `` `once` is [not] code ``',
      '',
      '### SES-2',
      '',
      'two',
      '',
      '_No test yet._',
      '',
      '## Runs',
      '',
      '### RUN-1',
      '',
      'a',
      '',
      '_No test yet._',
      '',
    ])
  })

  test('changes when a title does', () => {
    const other = testTitles({
      path: 'packages/core/test/a.test.ts',
      text: text.replace('[not]', 'really'),
    })
    expect(rulesPage({ registry, titles: other })).not.toBe(written)
  })
})
