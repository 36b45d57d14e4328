import { defineTool, type ToolContext } from '@belay/core'
import { z } from 'zod'
import { DocumentError } from '../documents/document-error.ts'
import { documentPlaceSchema, type DocumentPlace } from '../documents/document-place.ts'
import { readDocument } from '../documents/document-text.ts'
import { filesOf } from '../documents/folder-walk.ts'
import { searchDocuments } from '../documents/search-documents.ts'
import { surveyFolder } from '../documents/survey.ts'

/** A page of a document: about what a model reads with attention. */
const maxLinesPerRead = 200
const maxCharactersPerRead = 16_000
const maxListed = 200

const placeOf = (context: ToolContext): DocumentPlace => documentPlaceSchema.parse(context.metadata)

/** The documents with their sizes and first headings. */
const listDocuments = defineTool({
  name: 'list_documents',
  description: 'List the documents with their length in lines and their first headings.',
  input: z.object({}),
  effect: 'read',
  execute: async (_input, context) => {
    const { documents } = await surveyFolder(placeOf(context), context.signal)
    return {
      documents: documents
        .slice(0, maxListed)
        .map(({ path, lines, headings }) => ({ path, lines, headings })),
      not_listed: Math.max(0, documents.length - maxListed),
    }
  },
})

/** Numbered lines of one document. */
const readDocumentLines = defineTool({
  name: 'read_document',
  description:
    'Read lines of one document. Each line of the answer begins with its number and a tab. ' +
    `At most ${maxLinesPerRead} lines come at once; next_line says where to go on.`,
  input: z.object({
    path: z.string().describe('a path from list_documents or grep_documents'),
    from_line: z.int().min(1).optional().describe('default 1'),
    to_line: z.int().min(1).optional().describe('default: as many as fit'),
  }),
  effect: 'read',
  execute: async ({ path, from_line: from = 1, to_line: to = Number.MAX_SAFE_INTEGER }, context) => {
    const { lines } = await readDocument(placeOf(context), path)
    if (from > lines.length) throw new DocumentError(`"${path}" has ${lines.length} lines.`)
    if (to < from) throw new DocumentError(`to_line (${to}) is before from_line (${from}).`)
    const numbered: string[] = []
    let characters = 0
    for (let line = from; line <= Math.min(to, lines.length, from + maxLinesPerRead - 1); line++) {
      const text = lines[line - 1] ?? ''
      characters += text.length
      if (characters > maxCharactersPerRead && numbered.length > 0) break
      numbered.push(`${line}\t${text.slice(0, maxCharactersPerRead)}`)
    }
    const next = from + numbered.length
    return {
      path,
      lines: lines.length,
      text: numbered.join('\n'),
      next_line: next <= lines.length ? next : null,
    }
  },
})

/** Lines of all documents that contain a text or match a pattern. */
const grepDocuments = defineTool({
  name: 'grep_documents',
  description:
    'Find lines that contain a text, in all documents or in one, whatever the case. ' +
    'With regex: true the text is a regular expression. The best way to find where something is written.',
  input: z.object({
    query: z.string().min(1).max(200),
    regex: z.boolean().optional().describe('default false'),
    path: z.string().optional().describe('only this document'),
  }),
  effect: 'read',
  execute: async ({ query, regex = false, path }, context) => {
    const place = placeOf(context)
    const files = path === undefined ? await Array.fromAsync(filesOf(place, [], context.signal)) : [path]
    const found = await searchDocuments({ place, files, query, isRegex: regex, signal: context.signal })
    return { matches: [...found.matches], total: found.total, cut: found.isCut }
  },
})

export const documentTools = [listDocuments, readDocumentLines, grepDocuments] as const
