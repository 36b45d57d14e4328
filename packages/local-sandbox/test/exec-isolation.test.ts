import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { checkIsolation } from '../src/exec/commands.ts'
import { exists } from './support/tree-shapes.ts'

const folder = mkdtempSync(join(tmpdir(), 'belay-fake-'))
const real =
  (process.env['PATH'] ?? '')
    .split(':')
    .map((path) => join(path, 'bwrap'))
    .find(exists) ?? ''
let count = 0

afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

/** A program in the place of bubblewrap. */
function fake(script: string, version = '0.8.0'): string {
  const path = join(folder, `bwrap-${(count += 1)}`)
  writeFileSync(
    path,
    `#!/bin/sh\nif [ "$1" = --version ]; then echo "bubblewrap ${version}"; exit 0; fi\n${script}\n`,
  )
  chmodSync(path, 0o755)
  return path
}

/** Bubblewrap with something of its options changed by a filter of lines, or with other arguments. */
const leaky = (filter: string, change = ''): string =>
  fake(`list=$(mktemp ${folder}/list-XXXXXX)
tr '\\n' '\\001' <&4 | tr '\\0' '\\n' | ${filter} | tr '\\n' '\\0' | tr '\\001' '\\n' > "$list"
exec 4<"$list"
${change}
exec ${real} "$@"`)

const reasonOf = (bubblewrap: string): Record<string, unknown> => {
  try {
    checkIsolation({ bubblewrap })
  } catch (error) {
    const { code, meta, message } = error as { code: string; meta: Record<string, unknown>; message: string }
    expect(code).toBe('sandbox/unavailable')
    expect(message.length).toBeGreaterThan(60)
    return meta
  }
  return { reason: 'none' }
}

describe('strict refuses to start', () => {
  test('without bubblewrap [SBX-49]', () => {
    expect(reasonOf('/nonexistent')).toEqual({ reason: 'no_bubblewrap' })
    const path = process.env['PATH']
    try {
      process.env['PATH'] = folder
      expect(() => checkIsolation({})).toThrow(expect.objectContaining({ meta: { reason: 'no_bubblewrap' } }))
    } finally {
      process.env['PATH'] = path
    }
  })

  test('with an old one [SBX-49]', () => {
    expect(reasonOf(fake('exit 1', '0.4.0'))).toEqual({ reason: 'old_bubblewrap' })
    expect(reasonOf(fake('exit 1', '0.7.9'))).toEqual({ reason: 'old_bubblewrap' })
    expect(reasonOf(fake('exit 1', 'of mine'))).toEqual({ reason: 'old_bubblewrap' })
  })

  test('where bubblewrap says that user namespaces are refused [SBX-49]', () => {
    for (const text of ['setting up uid map: Permission denied', 'No permissions to create new namespace']) {
      expect(reasonOf(fake(`echo 'bwrap: ${text}' >&2; exit 1`))).toEqual({ reason: 'no_user_namespaces' })
    }
  })

  // Real hosts of these kinds, made with what every Linux has.
  const check = `import(${JSON.stringify(new URL('../src/exec/commands.ts', import.meta.url).href)}).then(({ checkIsolation }) => {
    try { checkIsolation({}) } catch (error) { console.log(error.code, error.meta.reason) }
  })`
  test.each([
    ['to a user who is nobody there', ['--user']],
    [
      'to a root without capabilities',
      ['--user', '--map-root-user', 'setpriv', '--bounding-set=-all', '--inh-caps=-all'],
    ],
    [
      'to a root whose kernel allows no more of them',
      [
        ...['--user', '--map-root-user', 'sh', '-c'],
        'echo 0 > /proc/sys/user/max_user_namespaces; exec "$0" "$@"',
      ],
    ],
  ])('where user namespaces are refused %s [SBX-49]', (_, args) => {
    const said = execFileSync('unshare', [...args, process.execPath, '-e', check], { encoding: 'utf8' })
    expect(said).toBe('sandbox/unavailable no_user_namespaces\n')
  })

  test('when bubblewrap does something else [SBX-49]', () => {
    expect(reasonOf(fake('exit 0'))).toEqual({ reason: 'probe_failed', probes: ['start'] })
  })

  const drop = (...lines: readonly string[]): string =>
    `grep -vx ${lines.map((line) => `-e '${line}'`).join(' ')}`
  test.each([
    ['the network of the host', leaky(drop('--unshare-net')), ['connect-tcp', 'connect-abstract']],
    ['no filter of calls', leaky('cat', 'shift 4; set -- --args 4 "$@"'), ['system-calls']],
    ['settings of the kernel', leaky("sed -e 's/^\\/proc\\/sys$/\\/proc\\/version/'"), ['write-outside']],
  ])('when a command has %s [SBX-49]', (_, bubblewrap, probes) => {
    expect(reasonOf(bubblewrap)).toEqual({ reason: 'probe_failed', probes })
  })
})

describe('what does not refuse says what is missing', () => {
  test('best-effort goes on without isolation where there is no bubblewrap [SBX-50]', () => {
    const report = checkIsolation({ isolation: 'best-effort', bubblewrap: '/nonexistent' })
    expect(report.isolation).toBe('best-effort')
    expect(report.system).toMatch(/^child processes on linux/)
    expect(Object.values(report.controls)).toEqual(Array.from({ length: 8 }, () => false))
    expect(report.notes[0]).toMatch(/Nothing is isolated: .*bubblewrap.* was not found/)
  })

  test('best-effort goes on with what works [SBX-50]', () => {
    const report = checkIsolation({
      isolation: 'best-effort',
      bubblewrap: leaky("grep -vx -e '--unshare-net'"),
    })
    expect(report.controls).toMatchObject({
      network: false,
      'files.read': true,
      processes: true,
      privileges: true,
    })
    expect(report.notes.join(' ')).toMatch(/connect to a port of the host/)
  })

  test('none reports that nothing is enforced [SBX-50]', () => {
    const report = checkIsolation({ isolation: 'none' })
    expect(Object.values(report.controls)).toEqual(Array.from({ length: 8 }, () => false))
    expect(report.notes.join(' ')).toMatch(/isolation is `none`/)
  })

  test('strict reports what it enforces, and limits that nobody asked for [SBX-50]', () => {
    const { isolation, system, controls, notes } = checkIsolation({})
    expect([isolation, system]).toEqual(['strict', expect.stringMatching(/^bubblewrap \d/)])
    const { pids: _, memory, ...others } = controls
    expect(Object.values(others)).toEqual(Array.from({ length: 6 }, () => true))
    expect(memory).toBe(false)
    expect(notes).toContain('`limits.memoryBytes` is not set.')
  })
})
