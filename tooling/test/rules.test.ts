import { describe, expect, test } from 'vitest'
import { ambientTime } from '../lint/rules/ambient-time.ts'
import { definitionKind } from '../lint/rules/definition-kind.ts'
import { fileSize } from '../lint/rules/file-size.ts'
import { journalAppend } from '../lint/rules/journal-append.ts'
import { machineTraces } from '../lint/rules/machine-traces.ts'
import { testRunner } from '../lint/rules/test-runner.ts'
import type { Rule } from '../lint/violation.ts'

const found = (rule: Rule, path: string, text: string) =>
  rule([{ path, text }]).map((violation) => violation.rule)

interface Plants {
  readonly rule: Rule
  readonly name: string
  readonly path: string
  readonly bad: readonly string[]
  readonly good: readonly string[]
  /** Where the bad lines are allowed. */
  readonly free: readonly string[]
}

const plants: readonly Plants[] = [
  {
    rule: definitionKind,
    name: 'run-reads-definition-kind',
    path: 'packages/core/src/run/perform.ts',
    bad: [
      'if (definition.kind) go()',
      "if (run.def['kind']) go()",
      'table[this.definition.kind]()',
      'const { kind } = definition',
      'const { definition: { kind } } = run',
      'function f({ kind }: Definition) {}',
      'function f(it: Definition) { return it.kind }',
      'const it = run.definition; it.kind',
      "if (what === 'agent') go()",
      "if ('workflow' != what) go()",
      "switch (what) { case 'agent': go() }",
      "if (['agent'].includes(what)) go()",
      'const table = { agent: loop, workflow: handler }',
      '({ agent: loop, workflow: handler })[what]()',
      'if (childDefinition!.kind) go()',
      'if (target.kind === definition.kind) go()',
      'programs.get(definition.kind)',
      'const it = { [definition.kind]: 1 }',
      'const kind = definition.kind',
    ],
    good: [
      "if (entry.kind === 'step') go()",
      'const { name, program } = definition',
      'const target = { kind: definition.kind }',
      'const what = `The input of ${definition.kind}`',
      "type Kind = 'agent' | 'workflow'",
      "log('agent')",
    ],
    free: ['packages/core/src/harness/inspect.ts', 'packages/core/src/run/perform.test.ts'],
  },
  {
    rule: journalAppend,
    name: 'journal-append-outside-writer',
    path: 'packages/core/src/run/settle.ts',
    bad: [
      'await journal.append(batch)',
      'await this.store.journal.append(batch)',
      'await this.#journal.append(batch)',
      "await journal['append'](batch)",
      'const write = journal.append.bind(journal)',
      'const { append } = store.journal',
      'const it = store.journal; it.append(batch)',
      'const f = (to: Journal) => to.append(batch)',
      'const { journal: sink } = store; sink.append(batch)',
    ],
    good: ['await writer.append(batch)', 'headers.append(name, value)', 'journal.read(stream)'],
    free: [
      'packages/core/src/feed/writer.ts',
      'packages/core/src/in-memory/store.ts',
      'packages/core/src/ports/journal.ts',
      'packages/core/src/run/settle.test.ts',
    ],
  },
  {
    rule: ambientTime,
    name: 'ambient-time-or-randomness',
    path: 'packages/core/src/run/wait.ts',
    bad: [
      'Date.now()',
      'new Date()',
      'Math.random()',
      'setTimeout(go, 1)',
      'setInterval(go, 1)',
      'setImmediate(go)',
      'globalThis.setTimeout(go, 1)',
      'const later = setTimeout',
      'const timers = { setTimeout }',
      'const clock = Date.now',
      'performance.now()',
      'crypto.randomUUID()',
      'globalThis.crypto.randomUUID()',
      "import { randomUUID } from 'node:crypto'",
      "import { setTimeout as sleep } from 'node:timers/promises'",
      'AbortSignal.timeout(5)',
    ],
    good: [
      'platform.now()',
      'new Date(platform.now())',
      'platform.setTimeout(go, 1)',
      'interface P { setTimeout(run: () => void): void }',
      'Math.floor(1.5)',
      "import { createHash } from 'node:crypto'",
    ],
    free: ['packages/core/src/platform/system.ts', 'packages/core/src/run/wait.test.ts'],
  },
  {
    rule: testRunner,
    name: 'test-runner-in-source',
    path: 'packages/testing/src/contract.ts',
    bad: [
      "import { test } from 'vitest'",
      "import type { TestAPI } from 'vitest'",
      "import test from 'node:test'",
      "export { test } from 'vitest'",
      "const run = await import('vitest')",
      "import { x } from 'vitest/node'",
      "type T = import('vitest').TestAPI",
    ],
    good: ["import assert from 'node:assert'", "import { test } from './test.ts'"],
    free: ['packages/testing/src/contract.test.ts', 'packages/testing/test/all.contract.test.ts'],
  },
]

for (const { rule, name, path, bad, good, free } of plants) {
  describe(name, () => {
    test.each(bad)('finds: %s', (line) => {
      expect(new Set(found(rule, path, `${line}\n`))).toEqual(new Set([name]))
    })
    test.each(good)('lets pass: %s', (line) => {
      expect(found(rule, path, `${line}\n`)).toEqual([])
    })
    test.each(free)('does not look at %s', (elsewhere) => {
      expect(found(rule, elsewhere, bad.join('\n'))).toEqual([])
    })
  })
}

describe('file size', () => {
  const lines = (count: number) => 'x()\n'.repeat(count)

  test('finds a file over the limit', () => {
    expect(found(fileSize, 'packages/core/src/a.ts', lines(401))).toContain('file-too-long')
  })

  test('lets pass a file at the limit, a test and a document', () => {
    expect(found(fileSize, 'packages/core/src/a.ts', lines(400))).not.toContain('file-too-long')
    expect(found(fileSize, 'packages/core/src/a.test.ts', lines(900))).toEqual([])
    expect(found(fileSize, 'docs/a.md', lines(900))).toEqual([])
  })

  test('warns when more than a tenth of the files is long', () => {
    const files = (long: number) =>
      Array.from({ length: 10 }, (_, i) => ({
        path: `apps/bench/src/${i}.ts`,
        text: lines(i < long ? 201 : 200),
      }))
    expect(fileSize(files(1))).toEqual([])
    expect(fileSize(files(2))).toMatchObject([{ rule: 'many-long-files', severity: 'warning' }])
  })
})

describe('traces of a machine', () => {
  // Put together here, so that this file itself is clean.
  const path = (top: string) => `/${top}/someone/project`
  const host = ['registry', 'example', 'org'].join('.')

  test.each(['work', 'root', 'home', 'Users'])('finds a path under %s', (top) => {
    expect(found(machineTraces, 'docs/a.md', `see ${path(top)}\n`)).toEqual(['machine-path'])
  })

  test('finds a registry host, and an address in the lockfile', () => {
    expect(found(machineTraces, '.npmrc', `//${host}/`)).toEqual(['registry-host'])
    expect(found(machineTraces, 'pnpm-lock.yaml', 'tarball: https://example.org/a.tgz')).toEqual([
      'registry-host',
    ])
  })

  test.each(['src/work/item.ts', './home/page', 'https://example.org/root/x', '~/work/x', 'node_modules/'])(
    'lets pass %s',
    (text) => {
      expect(found(machineTraces, 'docs/a.md', text)).toEqual([])
    },
  )
})
