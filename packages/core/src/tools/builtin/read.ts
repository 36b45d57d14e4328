import { z } from 'zod'
import { defineTool } from '../../define/tool.ts'
import { resultLimit, textOf } from './bounded-text.ts'
import { refusal } from './tool-refusal.ts'

/** Longer lines are cut: they are seldom written by people, and one of them must not fill the result. */
const lineLimit = 2_000

/** Lines of one call, unless it asks for fewer. */
const linesDefault = 2_000

/** Reads a text file of the sandbox with line numbers. Allowed by default. */
export const read = defineTool({
  name: 'read',
  description:
    'Read a text file. Each line of the result begins with its number and a tab, which are not part of the file. Long files are read in parts with offset and limit.',
  input: z.strictObject({
    path: z.string().describe('Absolute path, such as /workspace/notes.md.'),
    offset: z.int().min(1).optional().describe('First line to read, counted from 1. Default 1.'),
    limit: z.int().min(1).max(linesDefault).optional().describe('How many lines. Default 2000.'),
  }),
  effect: 'read',
  execute: async ({ path, offset = 1, limit = linesDefault }, { sandbox }) => {
    const content = await sandbox.files.read(path)
    if (content === undefined) throw refusal('read', 'missing', `There is no file "${path}".`)
    const text = textOf(content.bytes, content.truncated)
    if (text === undefined) {
      throw refusal(
        'read',
        'binary',
        `"${path}" is not UTF-8 text (${content.size} bytes) and cannot be shown.`,
      )
    }
    if (text === '') return `[${path} is empty]`
    const lines = text.replace(/\n$/, '').split('\n')
    const shown = numbered(lines, offset, limit)
    const last = offset + shown.length - 1
    if (last < lines.length)
      shown.push(`[lines ${offset} to ${last} of ${lines.length}; go on with offset ${last + 1}]`)
    else if (content.truncated)
      shown.push(
        `[the file has ${content.size} bytes; what comes after ${content.bytes.length} cannot be shown]`,
      )
    return shown.length === 0 ? `[${path} has only ${lines.length} lines]` : shown.join('\n')
  },
})

function numbered(lines: readonly string[], offset: number, limit: number): string[] {
  const shown: string[] = []
  let bytes = 0
  for (const [index, line] of lines.slice(offset - 1, offset - 1 + limit).entries()) {
    const cut = line.length <= lineLimit ? line : `${line.slice(0, lineLimit).toWellFormed()} [line cut]`
    const entry = `${offset + index}\t${cut}`
    bytes += Buffer.byteLength(entry) + 1
    if (bytes > resultLimit) break
    shown.push(entry)
  }
  return shown
}
