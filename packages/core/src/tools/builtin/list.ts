import { z } from 'zod'
import { defineTool } from '../../define/tool.ts'
import type { DirectoryEntry } from '../../ports/index.ts'
import { boundText } from './bounded-text.ts'
import { refusal } from './tool-refusal.ts'

/** Lists a directory of the sandbox. Allowed by default. */
export const list = defineTool({
  name: 'list',
  description: 'List what is in a directory. Directories end with a slash.',
  input: z.strictObject({
    path: z.string().optional().describe('Absolute path. Default /workspace.'),
  }),
  effect: 'read',
  execute: async ({ path = '/workspace' }, { sandbox }) => {
    const listed = await sandbox.files.list(path)
    if (listed === undefined) throw refusal('list', 'missing', `There is no directory "${path}".`)
    const lines = listed.entries.map(lineOf)
    if (listed.truncated) lines.push('[there are more]')
    return lines.length === 0 ? `[${path} is empty]` : boundText(lines.join('\n'))
  },
})

function lineOf({ name, kind, size }: DirectoryEntry): string {
  if (kind === 'directory') return `${name}/`
  return kind === 'file' ? `${name} (${size} bytes)` : `${name} (${kind}, cannot be read)`
}
