import { z } from 'zod'
import { defineTool } from '../../define/tool.ts'
import { boundText } from './bounded-text.ts'

/** Finds files of the sandbox by name. Allowed by default. */
export const glob = defineTool({
  name: 'glob',
  description:
    'Find files by a pattern of their path, such as **/*.ts: * and ? match within a name, ** over directories, {a,b} either.',
  input: z.strictObject({
    pattern: z.string().min(1).max(1_000),
    path: z.string().optional().describe('Absolute path of the directory to begin in. Default /workspace.'),
  }),
  effect: 'read',
  execute: async ({ pattern, path }, { sandbox }) => {
    const { paths, truncated } = await sandbox.files.glob(pattern, path === undefined ? {} : { path })
    const lines = truncated ? [...paths, '[there are more]'] : paths
    return lines.length === 0 ? '[no file matches]' : boundText(lines.join('\n'))
  },
})
