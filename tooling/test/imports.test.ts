import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { checkImports } from '../lint/imports.ts'

let folder: string

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}

const clean: Readonly<Record<string, string>> = {
  'packages/core/src/index.ts': "export { create } from './harness/create.ts'\n",
  'packages/core/src/ports/index.ts': "export type { Journal } from './journal.ts'\n",
  'packages/core/src/ports/journal.ts': 'export interface Journal { a: 1 }\n',
  'packages/core/src/errors/codes.ts':
    "import type { Journal } from '../ports/index.ts'\nexport type Code = Journal\n",
  'packages/core/src/run/start.ts':
    "import type { Code } from '../errors/codes.ts'\nexport const start = (c: Code) => c\n",
  'packages/core/src/agent/program.ts': "export { start } from '../run/start.ts'\n",
  'packages/core/src/workflow/program.ts': "export { start } from '../run/start.ts'\n",
  'packages/core/src/in-memory/store.ts':
    "import type { Journal } from '../ports/journal.ts'\nexport type S = Journal\n",
  'packages/core/src/harness/create.ts': "export { start as create } from '../agent/program.ts'\n",
  'packages/core/src/run/start.test.ts': "import '../harness/create.ts'\n",
  'packages/local-sqlite/src/index.ts':
    "import type { Journal } from '@belay/core/ports'\nexport type J = Journal\n",
  'packages/local-sqlite/test/a.contract.test.ts':
    "import '@belay/core'\nimport '@belay/testing'\nimport '../src/index.ts'\n",
  'packages/openai-provider/src/index.ts': "import '@belay/core/ports'\n",
  'packages/testing/src/index.ts': "import '@belay/core/ports'\n",
  'apps/quickstart/src/main.ts': "import '@belay/core'\nimport '@belay/local-sqlite'\n",
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'belay-imports-'))
  for (const [path, text] of Object.entries(clean)) write(path, text)
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Links the packages to each other and gives core its build, as an installed and built workspace has it. */
function build(): void {
  for (const name of ['core', 'local-sqlite', 'openai-provider', 'testing']) {
    const exports =
      name === 'core' ? { '.': './dist/index.js', './ports': './dist/ports/index.js' } : './dist/index.js'
    write(
      `packages/${name}/package.json`,
      JSON.stringify({ name: `@belay/${name}`, type: 'module', exports }),
    )
    write(`packages/${name}/dist/index.js`, 'export {}\n')
    mkdirSync(join(folder, 'node_modules/@belay'), { recursive: true })
    symlinkSync(join(folder, 'packages', name), join(folder, 'node_modules/@belay', name), 'dir')
  }
  write('packages/core/dist/ports/index.js', 'export {}\n')
}

async function rulesBroken(): Promise<Set<string>> {
  const { violations } = await checkImports(folder)
  return new Set(violations.map(({ rule }) => rule))
}

test('a clean tree passes, and its modules were read', async () => {
  const { modules, violations } = await checkImports(folder)
  expect(violations).toEqual([])
  expect(modules).toBeGreaterThanOrEqual(Object.keys(clean).length)
})

test('a clean tree passes when it is built', async () => {
  build()
  expect((await checkImports(folder)).violations).toEqual([])
})

test('a tree without a module fails', async () => {
  rmSync(join(folder, 'packages'), { recursive: true })
  rmSync(join(folder, 'apps'), { recursive: true })
  mkdirSync(join(folder, 'packages/core/src'), { recursive: true })
  expect(await rulesBroken()).toEqual(new Set(['nothing-checked']))
})

interface Plant {
  readonly rule: string
  readonly path: string
  readonly text: string
}

const plants: readonly Plant[] = [
  { rule: 'core-layers', path: 'packages/core/src/ports/blobs.ts', text: "import '../errors/codes.ts'" },
  {
    rule: 'core-layers',
    path: 'packages/core/src/feed/writer.ts',
    text: "import { start } from '../run/start.ts'\nstart",
  },
  {
    rule: 'core-layers',
    path: 'packages/core/src/history/fold.ts',
    text: "import type { start } from '../run/start.ts'\nexport type S = typeof start",
  },
  { rule: 'core-layers', path: 'packages/core/src/agent/turn.ts', text: "import '../workflow/program.ts'" },
  { rule: 'core-layers', path: 'packages/core/src/in-memory/blobs.ts', text: "import '../run/start.ts'" },
  { rule: 'core-layers', path: 'packages/core/src/session/session.ts', text: "import '../index.ts'" },
  { rule: 'core-layers-unknown', path: 'packages/core/src/utils/all.ts', text: "import '../ports/index.ts'" },
  {
    rule: 'core-imports-adapter',
    path: 'packages/core/src/harness/default.ts',
    text: "import '@belay/local-sqlite'",
  },
  { rule: 'core-imports-adapter', path: 'packages/core/src/run/a.test.ts', text: "import '@belay/testing'" },
  {
    rule: 'adapter-imports-core-inside',
    path: 'packages/local-sqlite/src/store.ts',
    text: "import '@belay/core'",
  },
  {
    rule: 'adapter-imports-core-inside',
    path: 'packages/testing/src/kit.ts',
    text: "import type { X } from '@belay/core'\nexport type Y = X",
  },
  {
    rule: 'adapter-imports-adapter',
    path: 'packages/local-sqlite/src/a.ts',
    text: "import '@belay/openai-provider'",
  },
  {
    rule: 'adapter-imports-adapter',
    path: 'packages/local-sqlite/src/b.ts',
    text: "import '@belay/testing'",
  },
  {
    rule: 'adapter-imports-adapter',
    path: 'packages/testing/test/a.test.ts',
    text: "import '@belay/local-sqlite'",
  },
]

describe.each(['bare', 'built'])('in a %s tree', (state) => {
  test('each planted import is found, by its rule and nothing else', async () => {
    if (state === 'built') build()
    for (const { path, text } of plants) write(path, `${text}\n`)
    const { violations } = await checkImports(folder)
    const found = new Set(violations.map(({ rule, path }) => `${rule} ${path}`))
    expect([...found].toSorted()).toEqual(plants.map(({ rule, path }) => `${rule} ${path}`).toSorted())
  })
})

test('other-package-source: a relative path into another package', async () => {
  write('apps/quickstart/src/a.ts', "import '../../../packages/core/src/index.ts'\n")
  expect(await rulesBroken()).toEqual(new Set(['other-package-source']))
})

test('package-imports-app', async () => {
  write('packages/core/src/harness/a.ts', "import '../../../../apps/quickstart/src/main.ts'\n")
  expect(await rulesBroken()).toContain('package-imports-app')
})

test('no-cycles: files that load each other', async () => {
  write('packages/core/src/run/a.ts', "import { b } from './b.ts'\nexport const a = (): unknown => b\n")
  write('packages/core/src/run/b.ts', "import { a } from './a.ts'\nexport const b = (): unknown => a\n")
  expect(await rulesBroken()).toEqual(new Set(['no-cycles']))
})

test('no-cycles: a type that names its owner loads nothing', async () => {
  write('packages/core/src/run/a.ts', "import { b } from './b.ts'\nexport const a = (): unknown => b\n")
  write(
    'packages/core/src/run/b.ts',
    "import type { a } from './a.ts'\nexport const b = (x: typeof a): unknown => x\n",
  )
  expect(await rulesBroken()).toEqual(new Set())
})

test('unresolvable: a file that is not there', async () => {
  write('packages/core/src/run/a.ts', "import './missing.ts'\n")
  expect(await rulesBroken()).toEqual(new Set(['unresolvable']))
})
