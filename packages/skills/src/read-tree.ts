import { limitFault, pathFault } from './faults.ts'
import { whileOpen, type FolderHandle } from './folder-handle.ts'
import { maxDepth, type Limits } from './limits.ts'

/** Every file below a folder by its relative path. Names that begin with a dot are left out. */
export async function readTree(folder: FolderHandle, limits: Limits): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>()
  let bytes = 0
  const walk = async (at: FolderHandle, path: string, depth: number): Promise<void> => {
    if (depth > maxDepth) throw pathFault(at.show(''), 'depth')
    for (const { name, isFolder } of await at.entries()) {
      if (name.startsWith('.')) continue
      // oxlint-disable-next-line no-control-regex -- control characters are what is refused
      if (/[\u0000-\u001f\u007f\\]/.test(name)) throw pathFault(at.show(name), 'name')
      const below = path === '' ? name : `${path}/${name}`
      if (isFolder) {
        await whileOpen(await at.folder(name), (inner) => walk(inner, below, depth + 1))
        continue
      }
      if (files.size >= limits.maxFiles) throw limitFault(at.show(name), 'maxFiles', limits.maxFiles)
      const content = await at.read(name, limits.maxFileBytes)
      bytes += content.length
      if (bytes > limits.maxBytes) throw limitFault(at.show(name), 'maxBytes', limits.maxBytes)
      files.set(below, content)
    }
  }
  await walk(folder, '', 0)
  return files
}
