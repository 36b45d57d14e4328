import { spawn, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { root } from '../scripts/process.ts'

// Says when it is ready, lists its arguments and each signal, and ends with 7 soon after the first.
const app = `
console.log('args', process.argv.slice(2).join(' '))
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    console.log('got', signal)
    setTimeout(() => process.exit(7), 300)
  })
}
setInterval(() => {}, 1000)
console.log('ready')
`
const tasks = "console.log('building'); process.exitCode = process.env.BROKEN_BUILD ? 3 : 0\n"

let folder: string

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'belay-bootstrap-'))
  const hash = createHash('sha256').update('pnpm@0.0.0')
  for (const path of ['pnpm-lock.yaml', 'pnpm-workspace.yaml']) {
    write(path, path)
    hash.update(path)
  }
  write('package.json', '{"type":"module","packageManager":"pnpm@0.0.0"}')
  write('node_modules/.belay-installed', `${hash.digest('hex')} ${process.platform}-${process.arch}\n`)
  write('tooling/scripts/tasks.ts', tasks)
  write('apps/quickstart/dist/main.js', app)
  copyFileSync(join(root, 'tooling/scripts/bootstrap.mjs'), join(folder, 'tooling/scripts/bootstrap.mjs'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

interface Started {
  readonly child: ChildProcess
  readonly stdout: () => string
  readonly end: Promise<unknown[]>
  readonly ready: Promise<void>
}

function start(env: Record<string, string> = {}): Started {
  const child = spawn(process.execPath, ['tooling/scripts/bootstrap.mjs', 'start', 'one', '--two'], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let text = ''
  const ready = new Promise<void>((resolve) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8')
      if (text.includes('ready')) resolve()
    })
  })
  return { child, stdout: () => text, end: once(child, 'close'), ready }
}

describe('npm start', () => {
  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'hands %s on once, waits, and ends with the code',
    async (signal) => {
      const { child, stdout, end, ready } = start()
      await ready
      // npm relays the signal that its whole group has had already.
      child.kill(signal)
      child.kill(signal)
      expect(await end).toEqual([7, null])
      expect(stdout()).toBe(`args one --two\nready\ngot ${signal}\n`)
    },
  )

  test('ends with the code of a failed build and does not start the application', async () => {
    const { stdout, end } = start({ BROKEN_BUILD: '1' })
    expect(await end).toEqual([3, null])
    expect(stdout()).toBe('')
  })
})
