import { DocumentError } from './document-error.ts'
import type { DocumentPlace } from './document-place.ts'
import { readDocument, type DocumentText } from './document-text.ts'
import { filesOf } from './folder-walk.ts'
import { headingsOf } from './headings.ts'
import { limits } from './limits.ts'

/** One readable document. */
export interface DocumentFacts {
  readonly path: string
  readonly bytes: number
  readonly lines: number
  readonly sha256: string
  readonly headings: string[]
}

/** What a folder holds: the documents, and a note for each thing that was left out. */
export interface Survey {
  readonly documents: readonly DocumentFacts[]
  readonly notes: readonly string[]
}

/** Lists the readable text documents of a folder in a stable order. Throws `DocumentError` when there is none. */
export async function surveyFolder(place: DocumentPlace, signal: AbortSignal): Promise<Survey> {
  const notes: string[] = []
  const documents: DocumentFacts[] = []
  for await (const path of filesOf(place, notes, signal)) {
    if (documents.length === limits.documents) {
      notes.push(`more than ${limits.documents} documents: the rest was left out, beginning with ${path}`)
      break
    }
    try {
      const text = await readDocument(place, path)
      if (text.isCut)
        notes.push(`${path}: only the first ${limits.bytesPerDocument} of ${text.size} bytes are read`)
      if (text.lines.some((line) => line.trim() !== '')) documents.push(factsOf(text))
      else notes.push(`${path}: left out, it is empty`)
    } catch (error) {
      if (!(error instanceof DocumentError)) throw error
      notes.push(`${path}: left out, ${reasonOf(error.message)}`)
    }
  }
  if (documents.length === 0) throw new DocumentError(nothingLeft(place, notes))
  return { documents, notes: shortened(notes) }
}

function factsOf(text: DocumentText): DocumentFacts {
  return {
    path: text.path,
    bytes: text.size,
    lines: text.lines.length,
    sha256: text.sha256,
    headings: headingsOf(text),
  }
}

function reasonOf(message: string): string {
  return message.replace(/^"[^"]*" (is|cannot|leads)/, 'it $1').replace(/\.$/, '')
}

function nothingLeft(place: DocumentPlace, notes: readonly string[]): string {
  if (notes.length === 0) return `The folder ${place.root} holds no documents.`
  const [first = ''] = notes
  const more = notes.length > 1 ? `; and ${notes.length - 1} more` : ''
  return `The folder ${place.root} holds no readable text document (${first}${more}).`
}

function shortened(notes: readonly string[]): string[] {
  if (notes.length <= limits.notes) return [...notes]
  return [...notes.slice(0, limits.notes), `and ${notes.length - limits.notes} more notes`]
}
