import { chmodSync, lstatSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { describeTree, runOf, snapshots } from './support/tree-tools.ts'

const isFull = process.env.BELAY_SIZE === 'full'

const name = fc.constantFrom('a', 'b', '-c', ' d', 'e\n', '\u{1F600}', '.f')
const path = fc.array(name, { minLength: 1, maxLength: 4 })
const mode = fc.constantFrom(0o644, 0o755, 0o600, 0o400, 0o000, 0o777)
const edit = fc.oneof(
  fc.record({ kind: fc.constant('file' as const), path, mode, content: fc.uint8Array({ maxLength: 40 }) }),
  fc.record({ kind: fc.constant('folder' as const), path, mode }),
  fc.record({
    kind: fc.constant('link' as const),
    path,
    target: fc.constantFrom('/', 'a', '../b', 'a/../..'),
  }),
  fc.record({ kind: fc.constant('remove' as const), path }),
  fc.record({ kind: fc.constant('many' as const), path, count: fc.integer({ min: 120, max: 140 }) }),
)
type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never

/** Makes an edit; whatever stands in the way is removed. Links on the way would lead out, so they are removed too. */
function apply(tree: string, change: Edit): void {
  let folder = tree
  for (const part of change.path.slice(0, -1)) {
    folder = join(folder, part)
    if (lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) continue
    rmSync(folder, { force: true })
    mkdirSync(folder)
  }
  const target = join(tree, ...change.path)
  rmSync(target, { recursive: true, force: true })
  if (change.kind === 'remove') return
  if (change.kind === 'link') return symlinkSync(change.target, target)
  if (change.kind === 'file') {
    writeFileSync(join(dirname(target), change.path.at(-1) ?? ''), change.content)
    return chmodSync(target, change.mode)
  }
  mkdirSync(target)
  if (change.kind === 'folder') return chmodSync(target, change.mode | 0o700)
  for (let file = 0; file < change.count; file++) writeFileSync(join(target, `file ${file}`), '')
  return undefined
}

it(
  'any tree after any edits comes back equal, from each of its snapshots',
  { timeout: 1_800_000 },
  async () => {
    const check = fc.asyncProperty(
      fc.array(fc.array(edit, { maxLength: 8 }), { minLength: 1, maxLength: 4 }),
      async (rounds) => {
        const local = snapshots()
        const run = runOf(local)
        let { handle, tree } = await run.open()
        const states = new Map<string, readonly string[]>()
        for (const [index, edits] of rounds.entries()) {
          for (const change of edits) apply(tree, change)
          const { ref } = await run.snapshot(handle)
          const description = describeTree(tree)
          expect(states.get(ref) ?? description).toEqual(description)
          states.set(ref, description)
          if (index % 2 === 1) {
            ;({ handle, tree } = await run.restore(ref))
            expect(describeTree(tree)).toEqual(description)
          }
        }
        for (const [ref, description] of states) {
          expect(describeTree((await run.restore(ref)).tree)).toEqual(description)
        }
        expect(new Set([...states.values()].map((lines) => lines.join('\0'))).size).toBe(states.size)
        await local.workspace.close()
      },
    )
    await fc.assert(check, { numRuns: isFull ? 2_000 : 5 })
  },
)
