import { createHash, randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import type { JsonObject } from '@belay/core/ports'
import { authError } from './auth-error.ts'
import type { CredentialStore } from './credential-store.ts'
import { acquireFileLock } from './file-lock.ts'
import { createSealer, type CredentialKey, type Sealer } from './sealed-text.ts'

/** What `credentialFile` takes. */
export interface CredentialFileInit {
  /** Its folder is made when there is none, for this user alone. */
  readonly file: string
  readonly key: CredentialKey
  /** Milliseconds that a lock is waited for. Default 330,000: an authorization by a person, and a little more. */
  readonly lockWaitMs?: number
}

/** Tokens of a few hundred servers fit; more is no file of this kind. */
const maxBytes = 4_194_304

/**
 * Credentials in one file, for every process of one user on one host. Encrypted and authenticated as a whole; replaced
 * as a whole, so a crash leaves the old file or the new one. What is not promised: that an older copy of the file, put
 * in its place, is noticed.
 */
export function credentialFile(init: CredentialFileInit): CredentialStore {
  if (typeof init?.file !== 'string' || init.file === '')
    throw new TypeError('credentialFile: file is missing.')
  const sealer = createSealer(init.key)
  const path = resolve(init.file)
  return new FileCredentials(path, sealer, init.lockWaitMs ?? 330_000)
}

class FileCredentials implements CredentialStore {
  readonly #path: string
  readonly #folder: string
  readonly #sealer: Sealer
  readonly #lockWaitMs: number

  constructor(path: string, sealer: Sealer, lockWaitMs: number) {
    this.#path = path
    this.#folder = dirname(path)
    this.#sealer = sealer
    this.#lockWaitMs = lockWaitMs
  }

  async get(key: string): Promise<JsonObject | undefined> {
    return (await this.#read()).get(key)
  }

  set(key: string, value: JsonObject): Promise<void> {
    return this.#change((values) => values.set(key, value))
  }

  delete(key: string): Promise<void> {
    return this.#change((values) => values.delete(key))
  }

  async withLock<T>(
    key: string,
    work: () => Promise<T>,
    options?: { readonly signal?: AbortSignal },
  ): Promise<T> {
    return this.#locked(
      `key-${createHash('sha256').update(key).digest('hex').slice(0, 32)}`,
      work,
      options?.signal,
    )
  }

  /** Reading, changing and writing is one step for all processes: they share the file, not the key. */
  #change(apply: (values: Map<string, JsonObject>) => unknown): Promise<void> {
    return this.#locked('file', async () => {
      const values = await this.#read()
      apply(values)
      await this.#write(await this.#sealer.seal(JSON.stringify([...values])))
    })
  }

  async #locked<T>(name: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.#checkFolder()
    const release = await this.#io('lock', () =>
      acquireFileLock({
        folder: this.#folder,
        name: `.${basename(this.#path)}.${name}`,
        waitMs: this.#lockWaitMs,
        ...(signal !== undefined && { signal }),
      }),
    )
    if (release === undefined) {
      throw authError(
        'credentials_locked',
        `The credential file is in use by another process for more than ${this.#lockWaitMs} ms.`,
        {
          retryable: true,
        },
      )
    }
    try {
      return await work()
    } finally {
      await release()
    }
  }

  async #read(): Promise<Map<string, JsonObject>> {
    const sealed = await this.#io('read', () => this.#readFile())
    if (sealed === undefined) return new Map()
    const opened = await this.#sealer.open(sealed)
    if ('text' in opened) return new Map(JSON.parse(opened.text) as [string, JsonObject][])
    if (opened.problem === 'key') {
      throw authError(
        'credentials_key',
        'The credential file was written with another key. Pass that one, or delete the file and authorise anew.',
      )
    }
    throw authError(
      'credentials_corrupt',
      'The credential file is not what was written. Restore it, or delete it and authorise anew.',
    )
  }

  async #readFile(): Promise<string | undefined> {
    let file
    try {
      file = await open(this.#path, constants.O_RDONLY | constants.O_NOFOLLOW)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
    try {
      const facts = await file.stat()
      if (!facts.isFile()) throw authError('credentials_mode', 'The credential file is no regular file.')
      assertPrivate(facts, 'file', '0600')
      assertPrivate(await stat(this.#folder), 'folder', '0700')
      if (facts.size > maxBytes)
        throw authError('credentials_corrupt', 'The credential file is larger than any that is written.')
      return await file.readFile('utf8')
    } finally {
      await file.close()
    }
  }

  /** Written beside, synced and renamed; then the folder is synced, so that the name survives as well. */
  #write(sealed: string): Promise<void> {
    return this.#io('write', async () => {
      const draft = `${this.#path}.${randomUUID()}.tmp`
      try {
        const file = await open(draft, 'wx', 0o600)
        try {
          await file.chmod(0o600)
          await file.writeFile(sealed)
          await file.sync()
        } finally {
          await file.close()
        }
        await rename(draft, this.#path)
      } catch (error) {
        await rm(draft, { force: true })
        throw error
      }
      const folder = await open(this.#folder, constants.O_RDONLY)
      try {
        await folder.sync()
      } finally {
        await folder.close()
      }
    })
  }

  /** Whoever may write the folder could replace the file and the locks. */
  #checkFolder(): Promise<void> {
    return this.#io('open', async () => {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 })
      assertPrivate(await stat(this.#folder), 'folder', '0700')
    })
  }

  /** Failures of the host by code, without the path: it may hold the name of a person. */
  async #io<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      const { code } = Object(error) as { readonly code?: unknown }
      if (typeof code !== 'string' || !/^E[A-Z0-9]+$/.test(code)) throw error
      if (code === 'ELOOP')
        throw authError('credentials_mode', 'The credential file is a link, which is not followed.')
      throw authError('credentials_io', `Could not ${what} the credential file (${code}).`, {
        meta: { errno: code },
      })
    }
  }
}

/** Refuses what others may read or write. */
function assertPrivate(
  facts: { readonly mode: number; readonly uid: number },
  what: string,
  mode: string,
): void {
  const isForeign = process.getuid !== undefined && facts.uid !== process.getuid()
  if ((facts.mode & 0o077) === 0 && !isForeign) return
  throw authError(
    'credentials_mode',
    isForeign
      ? `The credential ${what} belongs to another user.`
      : `Others may use the credential ${what}: its mode is ${(facts.mode & 0o777).toString(8).padStart(4, '0')}. Set it to ${mode}.`,
  )
}
