import { spawn, spawnSync } from 'node:child_process'
import { dirname } from 'node:path'
import { text } from 'node:stream/consumers'
import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { harbourDocuments, harbourQuestion, makePlace, writeFiles } from './support/documents.ts'
import { fixtureFile, mainFile, runQuickstartProcess } from './support/quickstart-process.ts'

const escape = '\u001B'
const hideCursor = `${escape}[?25l`
const showCursor = `${escape}[?25h`

// `script` of util-linux gives a program a terminal.
const hasScript = spawnSync('script', ['--version']).status === 0

interface Terminal {
  readonly columns: number
  readonly env?: Readonly<Record<string, string>>
  /** Typed once so much was printed. */
  readonly type?: { readonly after: string; readonly keys: string }
}

async function onTerminal(command: string, cwd: string, { columns, env = {}, type }: Terminal) {
  const child = spawn('script', ['-qec', `stty cols ${columns} rows 30; ${command}`, '/dev/null'], {
    cwd,
    env: { PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`, TERM: 'xterm', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve))
  const output = text(child.stdout)
  let printed = ''
  let isTyped = false
  child.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString()
    if (type === undefined || isTyped || !printed.includes(type.after)) return
    isTyped = true
    child.stdin.write(type.keys)
  })
  const code = await closed
  return { code, output: await output }
}

test('piped: one line for each event, no escape codes, no carriage returns', async () => {
  using place = makePlace()
  writeFiles(place.path('docs'), harbourDocuments)
  const { stdout } = await runQuickstartProcess(['docs', harbourQuestion, '--run', 'r'], {
    cwd: place.root,
    env: { TERM: 'xterm', FORCE_COLOR: '1' },
  })
  expect(stdout).not.toContain(escape)
  expect(stdout).not.toContain('\r')
  const lines = stdout.split('\n')
  expect(lines[0]).toBe(
    'no OPENAI_API_KEY: using the embedded offline model (extractive: it quotes, it does not reason)',
  )
  expect(lines[1]).toBe('run r')
  expect(lines[2]).toMatch(/^if it is interrupted, go on with: node .*main\.js --run r$/)
  expect(lines).toContain('survey: 4 documents')
  expect(lines).toContain('reader 1: grep')
  expect(lines).toContain('reader 2: read')
  expect(lines).toContain('writer: done')
})

test.runIf(hasScript)('terminal: drawn in place, within its width', async () => {
  using place = makePlace()
  writeFiles(place.path('docs'), harbourDocuments)
  const { code, output } = await onTerminal(`node ${fixtureFile} docs '${harbourQuestion}'`, place.root, {
    columns: 44,
    env: { DELAY_MS: '3', WITNESS: place.path('witness.txt') },
  })
  expect(code).toBe(0)
  const live = output.slice(output.indexOf(hideCursor), output.lastIndexOf(showCursor))
  expect(live).not.toBe('')
  const pictures = live.split(`${escape}[J`)
  expect(pictures.length).toBeGreaterThan(2)
  for (const line of stripVTControlCharacters(live).split('\n')) {
    expect(line.replaceAll('\r', '').length).toBeLessThanOrEqual(44)
  }
  const last = stripVTControlCharacters(pictures.at(-1) ?? '')
  expect(last).toContain(' ✓ survey the folder  4 documents')
  expect(last).toContain(' ✓ save the report')
  expect(last).toMatch(/steps recorded · tokens/)
  expect(live).toContain(`${escape}[32m`)
  expect(output.lastIndexOf(showCursor)).toBeGreaterThan(output.lastIndexOf(hideCursor))
})

test.runIf(hasScript)('terminal: no colour with NO_COLOR', async () => {
  using place = makePlace()
  writeFiles(place.path('docs'), harbourDocuments)
  const { output } = await onTerminal(`node ${mainFile} docs '${harbourQuestion}'`, place.root, {
    columns: 80,
    env: { NO_COLOR: '1' },
  })
  expect(output).toContain(hideCursor)
  expect(output.replaceAll(escape, 'ESC')).not.toMatch(/ESC\[\d+m/)
})

test.runIf(hasScript)('terminal: Ctrl-C gives the cursor back and says how to go on', async () => {
  using place = makePlace()
  writeFiles(place.path('docs'), harbourDocuments)
  const { code, output } = await onTerminal(
    `node ${fixtureFile} docs '${harbourQuestion}' --run r`,
    place.root,
    {
      columns: 80,
      env: { DELAY_MS: '20', WITNESS: place.path('witness.txt') },
      type: { after: 'reader 1', keys: '\u0003' },
    },
  )
  expect(code).toBe(130)
  expect(output.lastIndexOf(showCursor)).toBeGreaterThan(output.lastIndexOf(hideCursor))
  expect(output).toMatch(/stopped; what is recorded stays\. Go on with: node .* --run r\r?\n$/)
})
