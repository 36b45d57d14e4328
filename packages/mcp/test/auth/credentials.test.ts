import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { credentialFile, inMemoryCredentials, type CredentialStore } from '../../src/index.ts'

const folders: string[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

const key = Buffer.alloc(32, 3)

async function place(): Promise<{
  readonly folder: string
  readonly file: string
  readonly store: CredentialStore
}> {
  const folder = await mkdtemp(join(tmpdir(), 'belay-mcp-'))
  folders.push(folder)
  const file = join(folder, 'inside', 'credentials')
  return { folder: join(folder, 'inside'), file, store: credentialFile({ file, key }) }
}

const refused = (reason: string) => ({ code: 'tool-source/auth', meta: { reason } })
const programOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

describe('both stores', () => {
  for (const kind of ['file', 'memory'] as const) {
    const create = async (): Promise<CredentialStore> =>
      kind === 'file' ? (await place()).store : inMemoryCredentials()

    test(`${kind}: values are kept, replaced, deleted, and apart from what the caller does with them [MCP-60]`, async () => {
      const store = await create()
      expect(await store.get('a')).toBeUndefined()
      await store.delete('a')
      const value = { list: [1] }
      await store.set('a', value)
      await store.set('__proto__', { odd: true })
      value.list.push(2)
      expect(await store.get('a')).toEqual({ list: [1] })
      expect(await store.get('__proto__')).toEqual({ odd: true })
      await store.set('a', { n: 2 })
      expect(await store.get('a')).toEqual({ n: 2 })
      await store.delete('a')
      expect([await store.get('a'), await store.get('__proto__')]).toEqual([undefined, { odd: true }])
    })

    test(`${kind}: a lock is held by one at a time, other keys do not wait, and a failure frees it [MCP-61]`, async () => {
      const store = await create()
      let inside = 0
      const work = async (): Promise<number> => {
        inside++
        await new Promise((resolve) => setImmediate(resolve))
        const seen = inside
        inside--
        return seen
      }
      const seen = await Promise.all(Array.from({ length: 6 }, () => store.withLock('k', work)))
      expect(seen).toEqual([1, 1, 1, 1, 1, 1])
      const hold = Promise.withResolvers<void>()
      const holder = store.withLock('k', () => hold.promise)
      expect(await store.withLock('other', async () => 'free')).toBe('free')
      const abort = new AbortController()
      const waiting = store.withLock('k', async () => 'never', { signal: abort.signal })
      waiting.catch(() => undefined)
      abort.abort(new Error('left'))
      await expect(waiting).rejects.toThrow('left')
      hold.resolve()
      await holder
      await expect(store.withLock('k', () => Promise.reject(new Error('broke')))).rejects.toThrow('broke')
      expect(await store.withLock('k', async () => 'free')).toBe('free')
    })
  }
})

describe('the file', () => {
  test('is for this user alone, encrypted, and leaves nothing beside it [MCP-62]', async () => {
    const { folder, file, store } = await place()
    await store.set('server', { token: 'canary-token-value' })
    await store.withLock('server', () => store.set('other', { token: 'canary-token-value' }))
    expect((await stat(folder)).mode & 0o777).toBe(0o700)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(await readdir(folder)).toEqual(['credentials'])
    const bytes = await readFile(file)
    for (const form of ['utf8', 'base64', 'base64url', 'hex'] as const) {
      expect(bytes.includes(Buffer.from('canary-token-value').toString(form).slice(0, 20))).toBe(false)
    }
    const first = bytes.toString()
    await store.set('server', { token: 'canary-token-value' })
    expect(await readFile(file, 'utf8')).not.toBe(first)
  })

  test('is refused when others may use it, or it is a link [MCP-63]', async () => {
    for (const mode of [0o640, 0o604, 0o660, 0o620]) {
      const { file, store } = await place()
      await store.set('a', {})
      await chmod(file, mode)
      await expect(store.get('a')).rejects.toMatchObject(refused('credentials_mode'))
      await expect(store.set('a', {})).rejects.toMatchObject(refused('credentials_mode'))
    }
    const wide = await place()
    await mkdir(wide.folder, { mode: 0o755 })
    await expect(wide.store.set('a', {})).rejects.toMatchObject(refused('credentials_mode'))
    const { folder, file, store } = await place()
    await store.set('a', {})
    await symlink(file, join(folder, 'link'))
    const linked = credentialFile({ file: join(folder, 'link'), key })
    await expect(linked.get('a')).rejects.toMatchObject(refused('credentials_mode'))
  })

  test('a wrong key and a changed byte are told apart, and nothing is overwritten [MCP-64]', async () => {
    const { file, store } = await place()
    await store.set('a', { secret: 'x' })
    const before = await readFile(file, 'utf8')
    const wrong = credentialFile({ file, key: Buffer.alloc(32, 4) })
    await expect(wrong.get('a')).rejects.toMatchObject(refused('credentials_key'))
    await expect(wrong.set('a', {})).rejects.toMatchObject(refused('credentials_key'))
    const phrase = credentialFile({ file, key: { passphrase: 'correct horse battery' } })
    await expect(phrase.get('a')).rejects.toMatchObject(refused('credentials_key'))
    expect(await readFile(file, 'utf8')).toBe(before)
    const envelope = JSON.parse(before) as Record<string, string>
    for (const field of ['data', 'tag', 'nonce']) {
      const bytes = Buffer.from(envelope[field] ?? '', 'base64')
      bytes.writeUInt8(bytes.readUInt8(0) ^ 1, 0)
      await writeFile(file, JSON.stringify({ ...envelope, [field]: bytes.toString('base64') }))
      await expect(store.get('a')).rejects.toMatchObject(refused('credentials_corrupt'))
    }
    for (const text of ['', 'null', before.slice(0, -20), '{"format":"belay-credentials/2"}']) {
      await writeFile(file, text)
      await expect(store.get('a')).rejects.toMatchObject(refused('credentials_corrupt'))
      await expect(store.set('a', {})).rejects.toMatchObject(refused('credentials_corrupt'))
    }
  })

  test('a passphrase opens what it wrote, also for another store of the same file [MCP-64]', async () => {
    const { file } = await place()
    const init = { file, key: { passphrase: 'correct horse battery' } }
    await credentialFile(init).set('a', { n: 1 })
    expect(await credentialFile(init).get('a')).toEqual({ n: 1 })
    expect(() => credentialFile({ file, key: Buffer.alloc(16) })).toThrow('32 bytes')
    expect(() => credentialFile({ file, key: { passphrase: 'short' } })).toThrow('at least 12')
  })

  test('processes that write at once lose no value [MCP-65]', async () => {
    const { file, store } = await place()
    const children = Array.from({ length: 3 }, (_, index) =>
      spawn(
        process.execPath,
        [programOf('credential-process.ts'), 'write', file, key.toString('hex'), `p${index}`],
        {
          stdio: ['ignore', 'inherit', 'inherit'],
        },
      ),
    )
    const codes = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0] as number))
    expect(codes).toEqual([0, 0, 0])
    for (const name of ['p0', 'p1', 'p2']) {
      for (let n = 0; n < 10; n++) expect(await store.get(`${name}-${n}`)).toEqual({ n })
    }
    expect(await store.get('count')).toEqual({ n: 30 })
  })

  test('the lock of a process that was killed is free, that of a living one is not [MCP-66]', async () => {
    const { folder, file } = await place()
    const child = spawn(
      process.execPath,
      [programOf('credential-process.ts'), 'hold', file, key.toString('hex')],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    expect((await lines.next()).value).toBe('held')
    const store = credentialFile({ file, key, lockWaitMs: 50 })
    await expect(store.withLock('k', async () => 'mine')).rejects.toMatchObject({
      ...refused('credentials_locked'),
      retryable: true,
    })
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(await store.withLock('k', async () => 'mine')).toBe('mine')
    expect((await readdir(folder)).filter((name) => name.endsWith('.lock'))).toEqual([])
  })
})
