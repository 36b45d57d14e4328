import assert from 'node:assert/strict'
import { isCodedError } from '@belay/core/ports'
import { describe, test } from 'vitest'
import { brokenFilePlaces } from '../src/broken/broken-files.ts'
import { brokenSandboxes } from '../src/broken/broken-sandboxes.ts'
import { brokenToolSources, brokenToolSourceSubjects } from '../src/broken/broken-tool-sources.ts'
import { brokenWorkspaces } from '../src/broken/broken-workspaces.ts'
import type { ContractCase } from '../src/contract/contract.ts'
import { sandboxContract } from '../src/contract/sandbox-contract.ts'
import { toolSourceContract } from '../src/contract/tool-source-contract.ts'
import { workspaceContract } from '../src/contract/workspace-contract.ts'
import { inMemoryFilePlaces } from './in-memory-files.ts'
import { toyToolSource } from './toy-tool-source.ts'

const contracts = { sandbox: sandboxContract, workspace: workspaceContract }
const brokenFiles = [...brokenSandboxes, ...brokenWorkspaces]

/** A promise is found broken by an assertion, or by a refusal where an answer was due; nothing else counts. */
async function rejects(cases: readonly ContractCase[], title: string): Promise<void> {
  const found = cases.find((each) => each.title === title)
  assert.ok(found !== undefined, `there is no case "${title}"`)
  await assert.rejects(found.run(), (error) => error instanceof assert.AssertionError || isCodedError(error))
}

describe('broken files', () => {
  for (const broken of brokenFiles) {
    for (const title of broken.rejectedBy) {
      test(`a ${broken.contract} that ${broken.name} is rejected by "${title}"`, async () => {
        await rejects(contracts[broken.contract](brokenFilePlaces(broken, inMemoryFilePlaces)), title)
      })
    }
  }
  for (const broken of brokenToolSources) {
    for (const title of broken.rejectedBy) {
      test(`a tool source that ${broken.name} is rejected by "${title}"`, async () => {
        await rejects(toolSourceContract(brokenToolSourceSubjects(broken, toyToolSource)), title)
      })
    }
  }
})

test('there are enough cases and broken adapters, each with a title or a name of its own', () => {
  const cases = {
    sandbox: sandboxContract(inMemoryFilePlaces),
    workspace: workspaceContract(inMemoryFilePlaces),
    source: toolSourceContract(toyToolSource),
  }
  for (const each of Object.values(cases)) {
    assert.equal(new Set(each.map(({ title }) => title)).size, each.length)
  }
  assert.ok(cases.sandbox.length >= 85, `${cases.sandbox.length} of sandboxes`)
  assert.ok(cases.workspace.length >= 45, `${cases.workspace.length} of workspaces`)
  assert.ok(cases.source.length >= 20, `${cases.source.length} of tool sources`)
  const names = [...brokenFiles, ...brokenToolSources].map(({ name }) => name)
  assert.ok(brokenFiles.length >= 25 && brokenToolSources.length >= 6)
  assert.ok(new Set(names).size >= names.length - 1)
})
