import { z } from 'zod'
import { defineTool } from '../../define/tool.ts'
import { boundText } from './bounded-text.ts'

/** Searches the files of the sandbox. Allowed by default. */
export const grep = defineTool({
  name: 'grep',
  description:
    'Search files for a regular expression, as in JavaScript. The result has one line for each match: path, line number, text.',
  input: z.strictObject({
    pattern: z.string().min(1).max(1_000).describe('A regular expression.'),
    path: z.string().optional().describe('Absolute path of a file or directory. Default /workspace.'),
    glob: z.string().min(1).max(1_000).optional().describe('Only files whose path matches, such as **/*.ts.'),
    ignoreCase: z.boolean().optional(),
  }),
  effect: 'read',
  execute: async ({ pattern, path, glob, ignoreCase }, { sandbox }) => {
    const { matches, truncated } = await sandbox.files.grep(pattern, {
      ...(path !== undefined && { path }),
      ...(glob !== undefined && { glob }),
      ...(ignoreCase !== undefined && { ignoreCase }),
    })
    const lines = matches.map((match) => `${match.path}:${match.line}: ${match.text}`)
    if (truncated) lines.push('[there is more]')
    return lines.length === 0 ? '[nothing matches]' : boundText(lines.join('\n'))
  },
})
