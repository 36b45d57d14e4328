import type { Sandbox, SandboxFiles, WorkspaceAdapter, WorkspaceOperation } from '@belay/core/ports'
import { outcomeOf, skipCase } from './contract.ts'
import type { CaseOf, ContractCase } from './contract.ts'
import type { FilesAdapters, FilesPlace, FilesPlaceFactory, FilesWishes } from './files-place.ts'
import { closeAdapters, openSandbox, skipMissing, textOf, writeAll } from './sandbox-case.ts'
import { until } from './until.ts'

/** What a case about workspaces works with. */
export interface WorkspaceSubject {
  readonly workspace: WorkspaceAdapter
  readonly place: FilesPlace
  /** A sandbox on a workspace. */
  box(handle: string): Promise<Sandbox>
  /** A new workspace of a run, with these texts in it. */
  begin(texts?: Readonly<Record<string, string>>, runId?: string): Promise<OpenedTree>
  /** A new workspace with the tree of a snapshot. */
  restore(ref: string, runId?: string): Promise<OpenedTree>
  /** Closes both adapters and opens others over the same place. */
  reopen(): Promise<WorkspaceSubject>
  /** Moves the clock, or lets that much time go by; a case that needs more than a second is skipped with a real clock. */
  pass(ms: number): Promise<void>
}

/** A workspace with a sandbox on it. */
export interface OpenedTree {
  readonly handle: string
  readonly files: SandboxFiles
  readonly box: Sandbox
}

/** A case about workspaces. */
export interface WorkspaceCase extends CaseOf<WorkspaceSubject> {
  readonly wishes?: FilesWishes
}

let operations = 0

/** An operation of its own, of the run `run` in the session `session` unless another is given. */
export function operation<More extends object>(
  more: More & Partial<WorkspaceOperation> = {} as More,
): WorkspaceOperation & More {
  operations += 1
  return { operation: `operation-${operations}`, runId: 'run', sessionId: 'session', ...more }
}

/** Everything in a tree: a text and a mode by path, and null for a directory. */
export async function contentOf(
  files: SandboxFiles,
  path = '/workspace',
): Promise<Readonly<Record<string, readonly [string | undefined, number | undefined] | null>>> {
  const found: Record<string, readonly [string | undefined, number | undefined] | null> = {}
  for (const { name, kind } of (await files.list(path, { limit: 10_000 }))?.entries ?? []) {
    const below = `${path}/${name}`
    if (kind === 'directory') Object.assign(found, { [below]: null }, await contentOf(files, below))
    if (kind !== 'file') continue
    const [content, facts] = await Promise.all([files.read(below), files.stat(below)])
    found[below] = [textOf(content?.bytes), facts?.mode]
  }
  return found
}

async function subjectOf(place: FilesPlace, opened: FilesAdapters[]): Promise<WorkspaceSubject> {
  const adapters = await place.open()
  opened.push(adapters)
  const { workspace } = adapters
  if (workspace === undefined) skipCase('there is no workspace beside the sandbox')
  const treeOf = async (handle: string): Promise<OpenedTree> => {
    const box = await openSandbox(adapters, { workspace: handle })
    return { handle, box, files: box.files }
  }
  return {
    workspace,
    place,
    box: (handle) => openSandbox(adapters, { workspace: handle }),
    begin: async (texts = {}, runId = 'run') => {
      const tree = await treeOf((await workspace.open(operation({ runId }))).handle)
      await writeAll(tree.files, texts)
      return tree
    },
    restore: async (ref, runId = 'run') =>
      treeOf((await workspace.restore(operation({ runId, ref }))).handle),
    reopen: async () => {
      await closeAdapters(opened.pop())
      return subjectOf(place, opened)
    },
    pass: async (ms) => {
      if (place.advance !== undefined) return place.advance(ms)
      if (ms > 1_000) skipCase('the clock of this place cannot be moved')
      const end = performance.now() + ms
      await until('time to go by', () => performance.now() > end)
    },
  }
}

/** Gives each case fresh workspaces, and skips those whose capabilities neither they nor their sandbox declare. */
export function bindWorkspaceCases(
  cases: readonly WorkspaceCase[],
  places: FilesPlaceFactory,
): readonly ContractCase[] {
  return cases.map(({ title, needs, wishes = {}, run }) => ({
    title,
    ...(needs === undefined ? {} : { needs }),
    run: () =>
      outcomeOf(async () => {
        const place = await places(wishes)
        const opened: FilesAdapters[] = []
        try {
          const subject = await subjectOf(place, opened)
          const declared = opened.flatMap(({ sandbox, workspace }) => [
            ...sandbox.info.capabilities,
            ...(workspace?.info.capabilities ?? []),
          ])
          skipMissing(needs ?? [], declared)
          await run(subject)
        } finally {
          for (const each of opened) await closeAdapters(each)
          await place.close()
        }
      }),
  }))
}
