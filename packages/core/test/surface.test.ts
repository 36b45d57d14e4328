import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { isResult } from '../src/history/fold.ts'
import type { CommittedEvents, TransientEvents } from '../src/history/event.ts'
import * as core from '../src/index.ts'
import * as evaluation from '../src/eval/index.ts'
import * as ports from '../src/ports/index.ts'
import { coreVersion } from '../src/version.ts'

test('the exports of @belay/core', () => {
  expect(Object.keys(core).toSorted()).toEqual([
    'HarnessError',
    'allErrorCodes',
    'defineAgent',
    'defineGuardrail',
    'defineHarness',
    'defineSkill',
    'defineTool',
    'defineWorkflow',
    'harnessErrorCodes',
    'inMemoryFiles',
    'inMemoryStore',
    'nodePlatform',
    'toSSE',
  ])
})

test('the exports of @belay/core/eval', () => {
  expect(Object.keys(evaluation).toSorted()).toEqual([
    'attributeEquality',
    'contains',
    'evaluate',
    'jsonSchema',
    'regex',
  ])
})

test('the exports of @belay/core/ports', () => {
  expect(Object.keys(ports).toSorted()).toEqual([
    'ExecError',
    'PortError',
    'assembleToolCalls',
    'checkMount',
    'checkSandboxPath',
    'compileGlob',
    'defineSkill',
    'errorBrand',
    'isCodedError',
    'isSkillPath',
    'journalErrorCodes',
    'malformedAnswer',
    'modelErrorCodes',
    'normalizeUsage',
    'optionWithin',
    'portSpecs',
    'replaceInBytes',
    'replaceLiterally',
    'sandboxBounds',
    'sandboxErrorCodes',
    'sandboxLimits',
    'sandboxPathError',
    'searchLines',
    'skillErrorCodes',
    'skillFileName',
    'storeErrorCodes',
    'toolSourceErrorCodes',
    'wordsOf',
    'workspaceErrorCodes',
  ])
})

test('the codes of errors [ERR-4]', () => {
  expect(core.allErrorCodes.toSorted()).toEqual([
    'agent/budget',
    'agent/refusal',
    'approval/refused',
    'budget/unpriceable',
    'checkpoint/conflict',
    'config/adapter',
    'config/definition',
    'delegation/refused',
    'guardrail/blocked',
    'harness/closed',
    'journal/conflict',
    'journal/fenced',
    'memory/unsupported',
    'model/auth',
    'model/bad-request',
    'model/capability',
    'model/content-filter',
    'model/context-length',
    'model/incomplete',
    'model/length',
    'model/malformed',
    'model/network',
    'model/rate-limit',
    'model/server',
    'model/timeout',
    'model/unknown-alias',
    'operation/cancelled',
    'operation/timeout',
    'run/abandoned',
    'run/cancelled',
    'run/conflict',
    'run/diverged',
    'run/ended',
    'run/fenced',
    'run/leased',
    'run/not-found',
    'run/not-resumable',
    'sandbox/closed',
    'sandbox/command',
    'sandbox/edit',
    'sandbox/io',
    'sandbox/limit',
    'sandbox/path',
    'sandbox/signal',
    'sandbox/timeout',
    'sandbox/unavailable',
    'session/busy',
    'session/closed',
    'skill/invalid',
    'skill/limit',
    'skill/path',
    'skill/unreadable',
    'step/ambiguous',
    'step/failed',
    'step/unknown-outcome',
    'store/closed',
    'store/corrupt',
    'store/full',
    'store/io',
    'store/locked',
    'store/read-only',
    'store/version',
    'tool-source/auth',
    'tool-source/changed',
    'tool-source/closed',
    'tool-source/failed',
    'tool-source/malformed',
    'tool-source/timeout',
    'tool-source/unavailable',
    'tool-source/unknown-tool',
    'tool/denied',
    'tool/failed',
    'tool/invalid-arguments',
    'tool/not-found',
    'tool/unknown-outcome',
    'validation/agent_output',
    'validation/eval_input',
    'validation/input',
    'validation/memory_scope',
    'validation/options',
    'validation/output',
    'validation/value',
    'workspace/aborted',
    'workspace/closed',
    'workspace/conflict',
    'workspace/corrupt',
    'workspace/expired',
    'workspace/invalid-ref',
    'workspace/io',
    'workspace/missing',
    'workspace/quota',
    'workspace/tree',
  ])
})

test('the names of events [EVT-5]', () => {
  const committed: Record<keyof CommittedEvents, boolean> = {
    'run.started': false,
    'run.resumed': false,
    'run.suspended': false,
    'run.finished': false,
    'step.finished': true,
    'model.finished': true,
    'tool.finished': true,
    'agent.finished': true,
    'fanout.finished': true,
    'wait.opened': false,
    'wait.resolved': true,
    'signal.rejected': false,
    'step.retried': false,
    'step.intended': false,
    'budget.reserved': false,
    'budget.extended': false,
    'checkpoint.written': false,
    'checkpoint.deleted': false,
    'workspace.snapshotted': false,
    'approval.requested': false,
    'approval.resolved': false,
    'approval.rejected': false,
  }
  const transient: Record<keyof TransientEvents, true> = {
    'agent.started': true,
    'model.started': true,
    'tool.started': true,
    'fanout.started': true,
    'agent.finished': true,
    'model.finished': true,
    'tool.finished': true,
    'fanout.finished': true,
    'model.delta': true,
    'model.object.partial': true,
    'stream.overflow': true,
  }
  for (const [type, result] of Object.entries(committed))
    expect([type, isResult(type)]).toEqual([type, result])
  for (const type of Object.keys({ ...committed, ...transient })) {
    expect(type).toMatch(
      /^[a-z]+\.(started|resumed|suspended|finished|opened|requested|resolved|rejected|retried|intended|reserved|extended|written|deleted|snapshotted|delta|overflow)$|^model\.object\.partial$/,
    )
  }
})

test('the specs of ports', () => {
  expect(ports.portSpecs).toEqual({
    journal: 'journal/1',
    lease: 'lease/1',
    blobs: 'blobs/1',
    memory: 'memory/1',
    model: 'model/1',
    platform: 'platform/1',
    logger: 'logger/1',
    sandbox: 'sandbox/1',
    workspace: 'workspace/1',
    'tool-source': 'tool-source/1',
  })
})

test('the version is that of the package', () => {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  expect(coreVersion).toBe(manifest.version)
  expect(core.inMemoryStore().info.version).toBe(manifest.version)
})
