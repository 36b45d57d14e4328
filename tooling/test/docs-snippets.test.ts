import { afterAll, describe, expect, test } from 'vitest'
import { parsePage, readPages } from '../docs/markdown.ts'
import { programFaults } from '../docs/programs.ts'
import { createProject, typeFaults } from '../docs/snippets.ts'
import { root } from '../scripts/process.ts'

const project = createProject(readPages(root, ['README.md', 'docs/**/*.md', 'packages/*/README.md']))
afterAll(() => project.remove())

const fence = '```'
const pageWith = (info: string, code: string) =>
  parsePage('planted.md', `# Planted\n\n${fence}${info}\n${code}\n${fence}\n`)

async function inProject<T>(
  pages: Parameters<typeof createProject>[0],
  work: (planted: ReturnType<typeof createProject>) => T | Promise<T>,
): Promise<T> {
  const planted = createProject(pages)
  try {
    return await work(planted)
  } finally {
    planted.remove()
  }
}

describe('code in the documentation', () => {
  test('has the types that it claims', async () => {
    expect(project.snippets.length).toBeGreaterThan(20)
    expect(await typeFaults(project)).toEqual([])
  })

  test('is left out only for a reason', () => {
    expect(project.unexplained).toEqual([])
  })

  const programs = project.snippets.filter(({ block }) => block.flags.has('run'))

  test.concurrent.for(programs.map((program) => [`${program.page}:${program.block.line}`, program] as const))(
    'runs: %s',
    async ([, program], { expect: expectHere }) => {
      expectHere(await programFaults(project.folder, program)).toEqual([])
    },
  )

  test('has programs', () => {
    expect(programs.map(({ page }) => page)).toContain('README.md')
  })
})

describe('the check itself', () => {
  test('rejects a snippet with a wrong type, and says where', async () => {
    const page = pageWith('ts', "import { defineAgent } from '@belay/core'\ndefineAgent({ nam: 'a' })")
    const faults = await inProject([page], typeFaults)
    expect(faults.join('\n')).toMatch(/^planted\.md:5: error TS/)
  })

  test('rejects a snippet that names an export which is not there', async () => {
    const faults = await inProject([pageWith('ts', "import { defineAgnet } from '@belay/core'")], typeFaults)
    expect(faults).toHaveLength(1)
  })

  test.each([
    ['ts run', 'process.exitCode = 3', /ended with 3/],
    ['ts run', "console.log('two')", /instead of\none/],
    ['ts run kill=never', "console.log('two')", /never printed/],
  ])('rejects a program: %s', async (info, code, expected) => {
    const page = parsePage(
      'planted.md',
      `${fence}${info}\n${code}\n${fence}\n\n${fence}text output\none\n${fence}\n`,
    )
    const faults = await inProject([page], async (planted) => {
      const [snippet] = planted.snippets
      return snippet === undefined ? [] : programFaults(planted.folder, snippet)
    })
    expect(faults.join('\n')).toMatch(expected)
  })

  test('asks for the reason of a block that is left out', async () => {
    const bare = await inProject([pageWith('ts ignore', 'x')], (planted) => planted.unexplained)
    expect(bare).toEqual(['planted.md:4'])
    const given = await inProject([pageWith('ts ignore="a shape"', 'x')], (planted) => planted.unexplained)
    expect(given).toEqual([])
  })
})
