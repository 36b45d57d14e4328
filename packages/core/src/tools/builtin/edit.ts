import { z } from 'zod'
import { defineTool } from '../../define/tool.ts'

/**
 * Replaces text in a file of the sandbox, literally. Asks by default. `idempotent` although a second edit would not
 * find its text: a run goes on with the files as they were after its last recorded step, so the edit that is made
 * again finds the file as it was before the first one.
 */
export const edit = defineTool({
  name: 'edit',
  description:
    'Replace text in a file, literally: no pattern, and nothing in it has a special meaning. The text to find must be there exactly once, unless all is true.',
  input: z.strictObject({
    path: z.string().describe('Absolute path below /workspace.'),
    find: z.string().min(1).describe('The text as it stands in the file, without line numbers.'),
    replace: z.string().describe('What takes its place.'),
    all: z.boolean().optional().describe('Replace every place where it is found. Default false.'),
  }),
  effect: 'idempotent',
  workspace: 'write',
  permission: 'ask',
  execute: async ({ path, ...change }, { sandbox }) => {
    const { find, replace, all = false } = change
    const { replacements } = await sandbox.files.edit(path, { find, replace, all })
    return `Replaced ${replacements} ${replacements === 1 ? 'place' : 'places'} in ${path}.`
  },
})
