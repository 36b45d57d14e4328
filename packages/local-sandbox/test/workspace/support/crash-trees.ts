import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The tree of the first snapshot. */
export function fillFirst(tree: string): void {
  writeFileSync(join(tree, 'file'), 'first')
  mkdirSync(join(tree, 'folder/sub'), { recursive: true })
  writeFileSync(join(tree, 'folder/sub/other'), 'same in both')
  writeFileSync(join(tree, 'folder/large'), Buffer.alloc(1_200_000, 'one'))
}

/** Makes the tree of the second of it. */
export function changeToSecond(tree: string): void {
  writeFileSync(join(tree, 'file'), 'second')
  symlinkSync('sub/other', join(tree, 'folder/link'))
  rmSync(join(tree, 'folder/large'))
  writeFileSync(join(tree, 'folder/larger'), Buffer.alloc(1_300_000, 'two'))
  mkdirSync(join(tree, 'empty'), { mode: 0o500 })
}
