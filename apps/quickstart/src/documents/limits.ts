/** What is read of a folder at most. Each limit leaves a note in the survey when it is reached. */
export const limits = {
  /** Enough for a book; a journal entry with the list stays small. */
  documents: 500,
  /** Of a longer file only the beginning is read. */
  bytesPerDocument: 1_048_576,
  /** Deeper folders are left out. */
  depth: 16,
  /** Entries looked at in all, so that a wrong folder such as `/` ends soon. */
  entries: 20_000,
  /** Notes kept by name; the rest is counted. */
  notes: 50,
} as const
