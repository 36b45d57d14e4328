import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hkdfSync,
  randomBytes,
  scrypt,
  timingSafeEqual,
} from 'node:crypto'

/** 32 bytes, or a passphrase that a key is derived from. */
export type CredentialKey = Uint8Array | { readonly passphrase: string }

/** scrypt with 128 MiB: what OWASP recommends. About 0.3 s, once for each process. */
const scryptCost = { N: 131_072, r: 8, p: 1, maxmem: 160 * 1_048_576 } as const

const format = 'belay-credentials/1'

/** What is on disk: JSON, with all binary values in base64. */
interface Envelope {
  readonly format: typeof format
  readonly kdf: 'none' | 'scrypt'
  readonly salt: string
  /** Tells a wrong key from a changed file. */
  readonly check: string
  readonly nonce: string
  readonly tag: string
  readonly data: string
}

/** Why something could not be opened. */
export type SealProblem = 'key' | 'corrupt'

/** Encrypts and decrypts under one key (AES-256-GCM). */
export interface Sealer {
  seal(text: string): Promise<string>
  open(sealed: string): Promise<{ readonly text: string } | { readonly problem: SealProblem }>
}

interface DerivedKeys {
  readonly encryption: Buffer
  readonly check: Buffer
}

/** Checks the key. Throws `TypeError`. */
export function createSealer(key: CredentialKey): Sealer {
  const kdf = key instanceof Uint8Array ? 'none' : 'scrypt'
  if (key instanceof Uint8Array) {
    if (key.length !== 32) throw new TypeError('credentialFile: key must have 32 bytes.')
  } else if (typeof key?.passphrase !== 'string' || key.passphrase.length < 12) {
    throw new TypeError(
      'credentialFile: key must be 32 bytes, or { passphrase } with at least 12 characters.',
    )
  }
  const secret = key instanceof Uint8Array ? Uint8Array.from(key) : key.passphrase
  // Deriving from a passphrase is slow on purpose, so it is done once for a salt.
  const derived = new Map<string, Promise<DerivedKeys>>()
  let salt: Buffer | undefined
  const keysFor = (value: Buffer): Promise<DerivedKeys> => {
    const name = value.toString('base64')
    const known = derived.get(name) ?? deriveKeys(secret, value)
    derived.set(name, known)
    return known
  }
  return {
    seal: async (text) => {
      salt ??= randomBytes(32)
      const keys = await keysFor(salt)
      const head = {
        format,
        kdf,
        salt: salt.toString('base64'),
        check: checkOf(keys).toString('base64'),
      } as const
      const nonce = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', keys.encryption, nonce)
      cipher.setAAD(Buffer.from(JSON.stringify(head)))
      const data = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      const envelope: Envelope = {
        ...head,
        nonce: nonce.toString('base64'),
        tag: cipher.getAuthTag().toString('base64'),
        data: data.toString('base64'),
      }
      return JSON.stringify(envelope)
    },
    open: async (sealed) => {
      const envelope = parseEnvelope(sealed)
      if (envelope === undefined) return { problem: 'corrupt' }
      if (envelope.kdf !== kdf) return { problem: 'key' }
      const stored = Buffer.from(envelope.salt, 'base64')
      const keys = await keysFor(stored)
      const check = Buffer.from(envelope.check, 'base64')
      const expected = checkOf(keys)
      if (check.length !== expected.length || !timingSafeEqual(check, expected)) return { problem: 'key' }
      // The same salt again: another one would derive another key for each write.
      salt = stored
      const head = { format, kdf, salt: envelope.salt, check: envelope.check }
      try {
        const decipher = createDecipheriv(
          'aes-256-gcm',
          keys.encryption,
          Buffer.from(envelope.nonce, 'base64'),
          {
            authTagLength: 16,
          },
        )
        decipher.setAAD(Buffer.from(JSON.stringify(head)))
        decipher.setAuthTag(Buffer.from(envelope.tag, 'base64'))
        const data = Buffer.from(envelope.data, 'base64')
        return { text: Buffer.concat([decipher.update(data), decipher.final()]).toString('utf8') }
      } catch {
        return { problem: 'corrupt' }
      }
    },
  }
}

async function deriveKeys(secret: Uint8Array | string, salt: Buffer): Promise<DerivedKeys> {
  const root = typeof secret === 'string' ? await scryptKey(secret, salt) : secret
  const part = (info: string): Buffer => Buffer.from(hkdfSync('sha256', root, salt, `${format} ${info}`, 32))
  return { encryption: part('encryption'), check: part('check') }
}

function scryptKey(passphrase: string, salt: Buffer): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  scrypt(passphrase.normalize('NFC'), salt, 32, scryptCost, (error, key) => {
    if (error === null) resolve(key)
    else reject(error)
  })
  return promise
}

function checkOf({ check }: DerivedKeys): Buffer {
  return createHmac('sha256', check).update('belay').digest().subarray(0, 16)
}

function parseEnvelope(text: string): Envelope | undefined {
  try {
    const value = JSON.parse(text) as Partial<Record<keyof Envelope, unknown>>
    const fields = ['kdf', 'salt', 'check', 'nonce', 'tag', 'data'] as const
    if (value?.format !== format || fields.some((field) => typeof value[field] !== 'string')) return undefined
    return value as Envelope
  } catch {
    return undefined
  }
}
