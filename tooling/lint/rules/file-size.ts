import { longFilesShare, maxLines, sizeExceptions, usualLines } from '../policy.ts'
import { isOwnSource, type Rule } from '../violation.ts'

const lineCount = (text: string) => text.split('\n').length - (text.endsWith('\n') ? 1 : 0)

/** Long files are where a codebase rots first. */
export const fileSize: Rule = (files) => {
  const sources = files
    .filter((file) => isOwnSource(file.path))
    .map(({ path, text }) => ({ path, lines: lineCount(text) }))
  const tooLong = sources
    .filter(({ path, lines }) => lines > maxLines && !(path in sizeExceptions))
    .map(({ path, lines }) => ({
      rule: 'file-too-long',
      path,
      message: `${lines} lines; the limit is ${maxLines}`,
    }))
  const long = sources.filter(({ lines }) => lines > usualLines)
  if (long.length <= sources.length * longFilesShare) return tooLong
  const names = long.map(({ path, lines }) => `${path} (${lines})`).join(', ')
  const message = `${long.length} of ${sources.length} source files have over ${usualLines} lines: ${names}`
  return [...tooLong, { rule: 'many-long-files', path: '.', message, severity: 'warning' }]
}
