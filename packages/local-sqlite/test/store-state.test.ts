import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { deflateSync } from 'node:zlib'
import { isCodedError } from '@belay/core/ports'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { sqliteStore } from '../src/index.ts'
import { startChild } from './support/child.ts'
import { batchOf, dataOf } from './support/journal-batches.ts'
import { withRawDatabase } from './support/raw-database.ts'
import { tempFolder } from './support/temp-folder.ts'
import type { TempFolder } from './support/temp-folder.ts'

let folder: TempFolder
let file: string
beforeEach(() => {
  folder = tempFolder()
  file = folder.file()
})
afterEach(() => {
  folder.remove()
})

/** The codes with which append and read of a store over the file fail. */
async function codesOf(path: string, busyTimeoutMs = 10_000): Promise<readonly unknown[]> {
  const store = sqliteStore({ file: path, busyTimeoutMs })
  const calls = [
    store.journal.append(batchOf('s', [1])),
    store.journal.read('s'),
    store.leases.acquire('k', 'o', 1),
  ]
  const outcomes = await Promise.allSettled(calls)
  await store.close()
  return outcomes.map((outcome) => {
    if (outcome.status === 'fulfilled') return 'fulfilled'
    return isCodedError(outcome.reason) ? outcome.reason.code : String(outcome.reason)
  })
}

async function makeStore(entries = 200): Promise<void> {
  const store = sqliteStore({ file })
  for (let index = 0; index < entries; index += 1) await store.journal.append(batchOf('s', ['x'.repeat(200)]))
  await store.close()
}

function foreign(setUp: string): void {
  withRawDatabase(file, (db) => db.exec(setUp))
}

interface RefusedState {
  readonly state: string
  readonly code: string
  make(): Promise<void> | void
}

const refused: readonly RefusedState[] = [
  {
    state: 'a picture',
    code: 'store/corrupt',
    make: () =>
      writeFileSync(
        file,
        Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), deflateSync('pixels'.repeat(99))]),
      ),
  },
  {
    state: 'a text shorter than a header',
    code: 'store/corrupt',
    make: () => writeFileSync(file, 'SQLite format 3\0'),
  },
  {
    state: 'a truncated file',
    code: 'store/corrupt',
    make: async () => {
      await makeStore()
      truncateSync(file, Math.floor(readFileSync(file).length / 8_192) * 4_096)
    },
  },
  {
    state: 'a newer schema',
    code: 'store/version',
    make: async () => {
      await makeStore(1)
      withRawDatabase(file, (db) => db.pragma('user_version = 999'))
    },
  },
  {
    state: 'a database without an owner',
    code: 'store/corrupt',
    make: () => foreign('CREATE TABLE notes(text)'),
  },
  {
    state: 'a database of another application',
    code: 'store/corrupt',
    make: () => foreign('PRAGMA application_id = 7; CREATE TABLE notes(text)'),
  },
  {
    state: 'a database with a table of ours that is not ours',
    code: 'store/corrupt',
    make: async () => {
      await makeStore(1)
      foreign('DROP TABLE heads; CREATE TABLE heads(stream)')
    },
  },
]

describe('a file that is not a store is refused by name and left as it is', () => {
  test.each(refused)('$state', async ({ code, make }) => {
    await make()
    const before = readFileSync(file)
    expect(new Set(await codesOf(file))).toEqual(new Set([code]))
    expect(readFileSync(file).equals(before)).toBe(true)
    expect(existsSync(`${file}-journal`)).toBe(false)
  })

  test('a directory', async () => {
    mkdirSync(file)
    expect(new Set(await codesOf(file))).toEqual(new Set(['store/io']))
  })

  test('a folder that does not exist', async () => {
    const missing = folder.file('missing/store.db')
    expect(new Set(await codesOf(missing))).toEqual(new Set(['store/io']))
    expect(existsSync(folder.file('missing'))).toBe(false)
  })

  test('an emptied file beside its write-ahead log', async () => {
    const store = sqliteStore({ file })
    await store.journal.append(batchOf('s', [1]))
    copyFileSync(`${file}-wal`, folder.file('copy.db-wal'))
    await store.close()
    const log = readFileSync(folder.file('copy.db-wal'))
    expect(log.length).toBeGreaterThan(0)
    writeFileSync(folder.file('copy.db'), '')
    expect(new Set(await codesOf(folder.file('copy.db')))).toEqual(new Set(['store/corrupt']))
    expect(readFileSync(folder.file('copy.db-wal')).equals(log)).toBe(true)
  })
})

test('a file of 0 bytes is a new store', async () => {
  writeFileSync(file, '')
  expect(await codesOf(file)).toEqual(['fulfilled', 'fulfilled', 'fulfilled'])
})

test('a file that another process holds is locked, and free again afterwards', async () => {
  await makeStore(1)
  const holder = startChild('./lock-holder.ts', [file, 'EXCLUSIVE'])
  expect(await holder.nextLine()).toBe('held')
  expect(await codesOf(file, 50)).toEqual(['store/locked', 'store/locked', 'store/locked'])
  holder.tell('release')
  await holder.exit()
  expect(await codesOf(file)).toEqual(['fulfilled', 'fulfilled', 'fulfilled'])
})

test('a write that waits for a lock too long fails and writes nothing', async () => {
  const store = sqliteStore({ file, busyTimeoutMs: 50 })
  await store.journal.append(batchOf('s', [1]))
  const holder = startChild('./lock-holder.ts', [file])
  expect(await holder.nextLine()).toBe('held')
  await expect(store.journal.append(batchOf('s', [2]))).rejects.toMatchObject({
    code: 'store/locked',
    retryable: true,
  })
  holder.tell('release')
  await holder.exit()
  await store.journal.append(batchOf('s', [3]))
  expect(await dataOf(store, 's')).toEqual([1, 3])
  await store.close()
})

test('without its write-ahead log a file reads as an earlier state or as damaged, never as another one', async () => {
  const child = startChild('./sequential-appender.ts', [file, '100000'])
  const store = sqliteStore({ file })
  while ((await store.journal.read('s', { limit: 10_000 })).length < 900)
    await store.journal.read('s', { limit: 1 })
  child.kill()
  await child.exit()
  const lost = folder.file('lost.db')
  copyFileSync(file, lost)
  await store.close()
  const reopened = sqliteStore({ file: lost })
  const data = await dataOf(reopened, 's').catch((error: unknown) => {
    if (!isCodedError(error, 'store/corrupt')) throw error
    return []
  })
  expect(data).toEqual(data.map((_, index) => index))
  await reopened.close()
})

const isRoot = process.getuid?.() === 0
const nobody = 65_534

describe.skipIf(!isRoot)('what cannot be written', () => {
  const probe = async (path: string): Promise<readonly string[]> => {
    const child = startChild('./prober.ts', [path, '2'], { uid: nobody, gid: nobody })
    const lines = await child.rest()
    await child.exit()
    return lines
  }

  test('a read-only file is read-only and stays as it is', async () => {
    await makeStore(3)
    chmodSync(folder.path, 0o777)
    chmodSync(file, 0o444)
    const before = readFileSync(file)
    expect(await probe(file)).toEqual(['store/read-only', 'store/read-only'])
    expect(readFileSync(file).equals(before)).toBe(true)
  })

  test('a read-only folder is read-only, with and without the file', async () => {
    await makeStore(3)
    chmodSync(folder.path, 0o555)
    chmodSync(file, 0o666)
    expect(await probe(file)).toEqual(['store/read-only', 'store/read-only'])
    expect(await probe(folder.file('new.db'))).toEqual(['store/read-only', 'store/read-only'])
    expect(existsSync(folder.file('new.db'))).toBe(false)
  })
})

test('a write that fails is an I/O error, and nothing that was acknowledged is lost', async () => {
  const limited = spawnSync(
    'bash',
    [
      '-c',
      'ulimit -f 300; exec "$@"',
      'bash',
      process.execPath,
      new URL('./support/prober.ts', import.meta.url).pathname,
      file,
      '5',
    ],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const lines = limited.stdout.trim().split('\n')
  const acknowledged = lines.filter((line) => line.startsWith('ok ')).map((line) => Number(line.slice(3)))
  const faults = new Set(lines.filter((line) => !line.startsWith('ok ')))
  expect(faults).toEqual(new Set(['store/io']))
  expect(acknowledged.length).toBeGreaterThan(10)
  const store = sqliteStore({ file })
  const counts = (await dataOf(store, 's')).map((data) => (data as { count: number }).count)
  expect(acknowledged.filter((count) => !counts.includes(count))).toEqual([])
  await store.close()
})

describe('a full disk', () => {
  const mounted = (size: string): string | undefined => {
    const path = folder.file('small')
    mkdirSync(path)
    return spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path]).status === 0
      ? path
      : undefined
  }

  test('is named, loses nothing that was acknowledged, and is over when there is space', async ({ skip }) => {
    const disk = mounted('1m')
    if (disk === undefined) return skip('no file system can be mounted here')
    try {
      const store = sqliteStore({ file: `${disk}/store.db` })
      const acknowledged: number[] = []
      writeFileSync(`${disk}/filler`, Buffer.alloc(400 * 1_024))
      let fault: unknown
      for (let count = 1; fault === undefined; count += 1) {
        await store.journal.append(batchOf('s', [{ count, text: 'x'.repeat(5_000) }])).then(
          () => acknowledged.push(count),
          (error: unknown) => {
            fault = error
          },
        )
      }
      expect(fault).toMatchObject({ code: 'store/full', retryable: true })
      rmSync(`${disk}/filler`)
      await store.journal.append(batchOf('s', [{ count: 0, text: 'x'.repeat(5_000) }]))
      const counts = (await dataOf(store, 's')).map((data) => (data as { count: number }).count)
      expect(acknowledged.filter((count) => !counts.includes(count))).toEqual([])
      expect(counts.at(-1)).toBe(0)
      await store.close()
    } finally {
      spawnSync('umount', [disk])
    }
  })
})
