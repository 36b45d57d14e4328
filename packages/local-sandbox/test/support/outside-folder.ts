import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** In every byte of the outside, and nowhere inside. */
export const canary = 'canary-of-the-outside'

/** Names that are only outside. */
export const outsideNames = ['only-outside.txt', 'only-outside']

/** A folder of the host with the names of the tree inside, so that what is reached there would look right. */
export class OutsideFolder {
  readonly path: string
  readonly #facts: string
  readonly #hash: string

  constructor(path: string) {
    this.path = path
    for (const folder of ['', 'sub', 'sub/deep', 'only-outside'])
      mkdirSync(join(path, folder), { mode: 0o750 })
    for (const file of [
      'file.txt',
      'sub/file.txt',
      'sub/deep/file.txt',
      'only-outside.txt',
      'sub/only-outside.txt',
    ])
      writeFileSync(join(path, file), `${canary}\n`.repeat(97), { mode: 0o640 })
    this.#hash = this.#content()
    // A time of last access before that of the last change is what most disks bring up to date at a read.
    for (const entry of this.#entries()) utimesSync(entry, 1, 2)
    this.#facts = this.#seen()
  }

  /**
   * Whether nothing was changed and, where the disk keeps times of access, nothing read. The time of the last change of an entry's facts
   * cannot be set back, so it tells every write without the content being read.
   */
  isUntouched(): boolean {
    return this.#seen() === this.#facts
  }

  /** Whether every byte is what it was. */
  isUnchanged(): boolean {
    return this.#content() === this.#hash
  }

  #entries(): readonly string[] {
    const below = readdirSync(this.path, { recursive: true, encoding: 'utf8' })
    return ['', ...below.toSorted()].map((name) => join(this.path, name))
  }

  #seen(): string {
    const facts = this.#entries().map((entry) => {
      const { mode, nlink, size, atimeMs, mtimeMs, ctimeMs } = lstatSync(entry)
      // Listing the folder here reads it.
      return [entry, mode, nlink, size, (mode & 0o170000) === 0o040000 ? 0 : atimeMs, mtimeMs, ctimeMs].join()
    })
    return facts.join('\n')
  }

  #content(): string {
    const hash = createHash('sha256')
    for (const entry of this.#entries()) if (lstatSync(entry).isFile()) hash.update(readFileSync(entry))
    return hash.digest('hex')
  }
}
