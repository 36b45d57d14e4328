import { PortError, sandboxErrorCodes } from './errors.ts'
import type { FileEdit } from './sandbox.ts'
import { sandboxLimits } from './sandbox-bounds.ts'

const codes = sandboxErrorCodes

/**
 * Replaces text by text: nothing in `find` is a pattern and nothing in `replace` a reference. Occurrences that overlap
 * are more than one, because nobody can say which was meant; with `all` they are taken from the left.
 */
export function replaceLiterally(
  text: string,
  edit: FileEdit,
): { readonly text: string; readonly replacements: number } {
  const { find, replace, all = false } = edit
  checkEdit(edit)
  const first = text.indexOf(find)
  if (first < 0) {
    throw editError(
      'absent',
      'The text to replace is not in the file. Read the file and copy the text exactly.',
    )
  }
  if (!all) {
    if (text.includes(find, first + 1)) {
      const help = 'Give more of the text around it, or replace all.'
      throw editError('ambiguous', `The text to replace is in the file more than once. ${help}`)
    }
    return { text: text.slice(0, first) + replace + text.slice(first + find.length), replacements: 1 }
  }
  const replacements = countOf(text, find, first)
  const size = text.length + replacements * (replace.length - find.length)
  if (size > sandboxLimits.editedBytes) throw tooLarge(sandboxLimits.editedBytes)
  return { text: text.split(find).join(replace), replacements }
}

/**
 * `edit` on the bytes of a file, `undefined` when there is none. A byte order mark stays, and no byte outside of what is
 * replaced changes.
 */
export function replaceInBytes(
  bytes: Uint8Array | undefined,
  edit: FileEdit,
): { readonly bytes: Uint8Array; readonly replacements: number } {
  checkEdit(edit)
  if (bytes === undefined) throw editError('missing', 'There is no file to edit. Write it first.')
  if (bytes.length > sandboxLimits.textBytes) throw tooLarge(sandboxLimits.textBytes)
  const { text, replacements } = replaceLiterally(textOf(bytes), edit)
  const changed = new TextEncoder().encode(text)
  if (changed.length > sandboxLimits.editedBytes) throw tooLarge(sandboxLimits.editedBytes)
  return { bytes: changed, replacements }
}

function checkEdit({ find, replace }: FileEdit): void {
  // Half of a surrogate pair would match inside a character and leave the other half.
  const isText = (value: unknown): value is string => typeof value === 'string' && value.isWellFormed()
  if (!isText(find) || find === '')
    throw new TypeError('find has to be a well-formed text of at least one character.')
  if (!isText(replace)) throw new TypeError('replace has to be a well-formed text.')
}

function countOf(text: string, find: string, first: number): number {
  let count = 0
  for (let at = first; at >= 0; at = text.indexOf(find, at + find.length)) count += 1
  return count
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw editError('binary', 'The file is not UTF-8 text. Write it whole instead.', cause)
  }
}

type EditReason = 'missing' | 'absent' | 'ambiguous' | 'binary'

function editError(reason: EditReason, message: string, cause?: unknown): PortError<'sandbox/edit'> {
  return new PortError({ code: codes.edit, message, meta: { reason }, cause })
}

function tooLarge(limit: number): PortError<'sandbox/limit'> {
  return new PortError({
    code: codes.limit,
    message: `The file is, or would be, larger than the ${limit} bytes that an edit may have. Use a command.`,
    meta: { reason: 'file_bytes', limit },
  })
}
