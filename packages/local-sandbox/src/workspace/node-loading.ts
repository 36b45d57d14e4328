import { hash } from 'node:crypto'
import type { ContentStore } from './content-store.ts'
import { decodeNode, type NodeEntry, type TreeNode } from './tree-node.ts'
import { fault } from './workspace-fault.ts'

/** Node of a folder with all nodes that it is made of. */
export interface LoadedFolder {
  readonly entries: readonly (readonly [name: string, entry: NodeEntry])[]
  readonly nodes: ReadonlySet<string>
}

/** Reads a folder of a snapshot. Throws `workspace/corrupt`, also for a node that is not there. */
export async function loadFolder(trees: ContentStore, root: string): Promise<LoadedFolder> {
  const nodes = new Set<string>()
  const entries: (readonly [string, NodeEntry])[] = []
  const left = [root]
  for (let name = left.pop(); name !== undefined; name = left.pop()) {
    nodes.add(name)
    const node = await loadNode(trees, name)
    if (node.kind === 'leaf') entries.push(...node.entries)
    else left.push(...node.children.filter((child) => child !== undefined))
  }
  return { entries, nodes }
}

async function loadNode(trees: ContentStore, name: string): Promise<TreeNode> {
  const handle = await trees.open(name)
  if (handle === undefined) throw fault('corrupt', 'A node of a snapshot is gone')
  try {
    const bytes = await handle.readFile()
    if (hash('sha256', bytes, 'hex') === name) return decodeNode(bytes)
    throw fault('corrupt', 'A node of a snapshot is not what was stored')
  } finally {
    await handle.close()
  }
}
