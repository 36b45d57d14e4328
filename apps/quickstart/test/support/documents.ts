import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** A folder that goes away with the test. */
export interface Place extends Disposable {
  readonly root: string
  path(...parts: readonly string[]): string
}

export function makePlace(): Place {
  const root = mkdtempSync(join(tmpdir(), 'belay-quickstart-'))
  return {
    root,
    path: (...parts) => join(root, ...parts),
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  }
}

export function writeFiles(folder: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  mkdirSync(folder, { recursive: true })
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
}

/** What the documents below answer, in two parts. */
export const harbourQuestion = 'How does the harbour warn ships of fog, and who opens the lock at night?'

/** Enough to search in, small enough to know by heart. */
export const harbourDocuments: Readonly<Record<string, string>> = {
  'fog.md': `# Fog

The harbour warns ships of fog with a horn that sounds twice each minute.
When the horn fails, the harbour master fires a gun to warn ships.

## Lamps

- A green lamp on the pier warns ships that fog covers the inner harbour.
- The lamp burns oil, and a keeper fills it each evening before night falls.
`,
  'lock.md': `# The lock

The lock keeper opens the lock at night for ships that show two lanterns.
No ship may pass the lock at night without paying the night toll.
The keeper lives in the house beside the lock, so that he hears a call at any hour of the night.
`,
  'trade/prices.md': `# Prices

| ware | price |
| ---- | ----- |
| salt | three coins for a sack, sold beside the lock |
| rope | one coin for ten ells, sold in the harbour |
`,
  'trade/history.txt': `The harbour was built four hundred years ago by fishermen.
Before the lock was built, ships waited for the tide outside the harbour, often in fog.
The first horn of the harbour was made of brass and could be heard by ships three miles away.
`,
}
