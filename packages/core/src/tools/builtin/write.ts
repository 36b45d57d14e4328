import { z } from 'zod'
import { defineTool } from '../../define/tool.ts'

/**
 * Writes a text file of the sandbox. Asks by default. `idempotent`: when its outcome is unknown, the run goes on with
 * the files as they were after its last recorded step, so that it writes the same into the same tree.
 */
export const write = defineTool({
  name: 'write',
  description:
    'Write a text file: the content takes the place of what was there. Missing directories are made. To change a part of a file, edit it instead.',
  input: z.strictObject({
    path: z.string().describe('Absolute path below /workspace, such as /workspace/src/index.ts.'),
    content: z.string().describe('The whole new content.'),
  }),
  effect: 'idempotent',
  workspace: 'write',
  permission: 'ask',
  execute: async ({ path, content }, { sandbox }) => {
    const bytes = new TextEncoder().encode(content)
    await sandbox.files.write(path, bytes)
    return `Wrote ${bytes.length} bytes to ${path}.`
  },
})
