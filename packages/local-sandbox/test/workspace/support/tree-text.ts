import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** Everything that a snapshot keeps of a tree, as text: path, kind, mode, content. */
export function describeTree(root: string): readonly string[] {
  const lines: string[] = []
  const visit = (folder: Buffer, path: string): void => {
    for (const name of readdirSync(folder, { encoding: 'buffer' }).sort(Buffer.compare)) {
      const at = Buffer.concat([folder, Buffer.from('/'), name])
      const stat = lstatSync(at)
      const line = `${path}${name.toString('latin1')}`
      const mode = (stat.mode & 0o777).toString(8)
      if (stat.isDirectory()) {
        lines.push(`${line}/ ${mode}`)
        visit(at, `${line}/`)
      } else if (stat.isSymbolicLink()) {
        lines.push(`${line} -> ${readlinkSync(at, { encoding: 'buffer' }).toString('latin1')}`)
      } else if (stat.isFile()) {
        lines.push(`${line} ${mode} ${createHash('sha256').update(readFileSync(at)).digest('hex')}`)
      } else lines.push(`${line} special`)
    }
  }
  visit(Buffer.from(root), '')
  return lines
}
