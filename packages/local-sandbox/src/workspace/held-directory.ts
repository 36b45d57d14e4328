import { closeSync, constants, fchmodSync, openSync } from 'node:fs'

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants

/**
 * A directory that is held open. Its entries are named through it, so that nothing that happens to the path above it
 * meanwhile leads anywhere else, and no path is too long. It closes when the last that needs it lets go.
 */
export class HeldDirectory {
  readonly fd: number
  readonly #parent: HeldDirectory | undefined
  #holders = 1
  /** Given to the directory when it closes: before that it must stay writable. */
  modeAtEnd: number | undefined

  private constructor(fd: number, parent: HeldDirectory | undefined) {
    this.fd = fd
    this.#parent = parent
    parent?.retain()
  }

  /** The directory at a path of the host that nobody else has a hand in. */
  static open(path: string): HeldDirectory {
    return new HeldDirectory(openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW), undefined)
  }

  /** Fails with ELOOP or ENOTDIR when the entry is not a directory itself. */
  child(name: string | Buffer): HeldDirectory {
    return new HeldDirectory(openSync(this.at(name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW), this)
  }

  /** A path of an entry. Calls on it must not follow a link at its end. */
  at(name: string): string
  at(name: string | Buffer): string | Buffer
  at(name: string | Buffer): string | Buffer {
    if (typeof name === 'string') return `/proc/self/fd/${this.fd}/${name}`
    return Buffer.concat([Buffer.from(`/proc/self/fd/${this.fd}/`), name])
  }

  get path(): string {
    return `/proc/self/fd/${this.fd}`
  }

  retain(): this {
    this.#holders++
    return this
  }

  release(): void {
    if (--this.#holders > 0) return
    try {
      if (this.modeAtEnd !== undefined) fchmodSync(this.fd, this.modeAtEnd)
    } finally {
      closeSync(this.fd)
      this.#parent?.release()
    }
  }
}
