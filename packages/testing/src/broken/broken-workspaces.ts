import type { OpenedWorkspace } from '@belay/core/ports'
import { brokenWorkspace, type BrokenFiles } from './broken-files.ts'

let made = 0

/** An operation that nobody used. */
function another(operation: string): string {
  made += 1
  return `${operation.slice(0, 400)}-${made}`
}

/** Workspaces that share, lose, repeat or keep what they must not. */
export const brokenWorkspaces: readonly BrokenFiles[] = [
  brokenWorkspace(
    {
      name: 'gives the tree of a run to everybody who opens one for it',
      rejectedBy: ['open: two workspaces never share a tree, also those of one run'],
    },
    (workspace) => {
      const opened = new Map<string, Promise<OpenedWorkspace>>()
      return {
        open: (operation) => {
          const opening = opened.get(operation.runId) ?? workspace.open(operation)
          opened.set(operation.runId, opening)
          return opening
        },
      }
    },
  ),
  brokenWorkspace(
    {
      name: 'makes a new workspace when opening is repeated',
      rejectedBy: ['operation: open again gives the first workspace, with what is in it'],
    },
    (workspace) => ({
      open: (operation) => workspace.open({ ...operation, operation: another(operation.operation) }),
    }),
  ),
  brokenWorkspace(
    {
      name: 'takes a new snapshot when one is repeated',
      rejectedBy: ['operation: snapshot again gives the first result, although the tree has changed'],
    },
    (workspace) => ({
      snapshot: (operation) => workspace.snapshot({ ...operation, operation: another(operation.operation) }),
    }),
  ),
  brokenWorkspace(
    {
      name: 'does not look whose an operation was',
      rejectedBy: ['operation: for another run or session it is a conflict, and nothing is done'],
    },
    (workspace) => ({
      open: (operation) => workspace.open({ ...operation, runId: 'any', sessionId: 'any' }),
      snapshot: (operation) => workspace.snapshot({ ...operation, runId: 'any', sessionId: 'any' }),
    }),
  ),
  brokenWorkspace(
    {
      name: 'says that everything has changed',
      rejectedBy: ['snapshot: a tree that is equal to the one before gives the same ref and writes nothing'],
    },
    (workspace) => ({
      snapshot: async (operation) => ({ ...(await workspace.snapshot(operation)), changed: true }),
    }),
  ),
  brokenWorkspace(
    {
      name: 'looks only at how many files and bytes there are',
      rejectedBy: ['snapshot: sees every change of content, also of one byte and of the same size'],
    },
    (workspace) => {
      const before = new Map<string, Awaited<ReturnType<typeof workspace.snapshot>>>()
      return {
        snapshot: async (operation) => {
          const taken = await workspace.snapshot(operation)
          const last = before.get(operation.handle)
          if (last?.bytes === taken.bytes && last.files === taken.files) return { ...last, changed: false }
          before.set(operation.handle, taken)
          return taken
        },
      }
    },
  ),
  brokenWorkspace(
    {
      name: 'restores into the workspace that is open',
      rejectedBy: ['restore: gives a new tree each time, which shares nothing with the old one'],
    },
    (workspace) => {
      const restored = new Map<string, Promise<OpenedWorkspace>>()
      return {
        restore: (operation) => {
          const opening = restored.get(operation.ref) ?? workspace.restore(operation)
          restored.set(operation.ref, opening)
          return opening
        },
      }
    },
  ),
  brokenWorkspace(
    {
      name: 'takes any text that it does not know for a snapshot that is missing',
      rejectedBy: ['restore: what is no ref of this adapter is refused as that'],
    },
    (workspace) => ({
      restore: async (operation) => {
        const unknown = `in-memory:${'0'.repeat(64)}`
        return workspace.restore({
          ...operation,
          ref: operation.ref.includes('memory') ? operation.ref : unknown,
        })
      },
    }),
  ),
  brokenWorkspace(
    {
      name: 'forgets that a run was aborted',
      rejectedBy: ['abort: the run can open, snapshot and restore nothing any more'],
    },
    () => ({ abort: async () => {} }),
  ),
  brokenWorkspace(
    {
      name: 'removes what is live',
      rejectedBy: ['sweep: keeps what is live and removes the rest'],
    },
    (workspace) => ({ sweep: (_live, graceMs) => workspace.sweep([], graceMs) }),
  ),
  brokenWorkspace(
    {
      name: 'knows no grace',
      rejectedBy: ['sweep: keeps what was made within the grace'],
    },
    (workspace) => ({
      sweep: async (live) => ({ ...(await workspace.sweep(live, -1)) }),
    }),
  ),
  brokenWorkspace(
    {
      name: 'forgets what another run has restored',
      rejectedBy: [
        'forget: what only that run had is gone at once, and what another has made or restored stays',
      ],
    },
    (workspace) => ({
      forget: async (runId) => {
        await workspace.forget?.(runId)
        await workspace.sweep([], -1)
      },
    }),
  ),
  brokenWorkspace(
    {
      name: 'forgets nothing of a run that is gone',
      rejectedBy: ['forget: operations of the run are free, and it may begin again'],
    },
    () => ({ forget: async () => {} }),
  ),
  brokenWorkspace(
    {
      name: 'keeps a workspace that was released',
      rejectedBy: ['release: the tree is gone, its snapshots stay, and it may be repeated'],
    },
    () => ({ release: async () => {} }),
  ),
  brokenWorkspace(
    {
      name: 'works on after it was closed',
      rejectedBy: ['close: every later call is refused, and closing again does nothing'],
    },
    () => ({ close: async () => {} }),
  ),
]
