import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'

const suite = join(
  dirname(createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/package.json')),
  'dist/index.js',
)
const client = fileURLToPath(new URL('./fixtures/conformance-client.ts', import.meta.url))

const inScope = [
  'initialize',
  'tools_call',
  'sse-retry',
  'auth/metadata-default',
  'auth/metadata-var1',
  'auth/metadata-var2',
  'auth/metadata-var3',
  'auth/basic-cimd',
  'auth/scope-from-www-authenticate',
  'auth/scope-from-scopes-supported',
  'auth/scope-omitted-when-undefined',
  'auth/scope-step-up',
  'auth/scope-retry-limit',
  'auth/token-endpoint-auth-basic',
  'auth/token-endpoint-auth-post',
  'auth/token-endpoint-auth-none',
  'auth/pre-registration',
  'auth/2025-03-26-oauth-endpoint-fallback',
  'auth/resource-mismatch',
  'auth/offline-access-scope',
  'auth/offline-access-not-supported',
  'auth/client-credentials-jwt',
  'auth/client-credentials-basic',
]

const outOfScope = [
  // Servers are not offered elicitation; a client that does not declare it is not asked.
  'elicitation-sep1034-client-defaults',
  // Its metadata names an issuer at another address than the one that it was read from, which RFC 8414 (3.3) forbids to use.
  'auth/2025-03-26-oauth-metadata-backcompat',
  // An exchange with an identity provider of a company, which is an extension that is not offered.
  'auth/cross-app-access-complete-flow',
]

function run(args: readonly string[]): Promise<{ readonly code: number | null; readonly output: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'belay-conformance-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [suite, ...args], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    child.stdout.on('data', (part: Buffer) => (output += part.toString()))
    child.stderr.on('data', (part: Buffer) => (output += part.toString()))
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, output }))
  })
}

test('every client scenario of the official suite is in scope, or it is said why not [MCP-20]', async () => {
  const { output } = await run(['list', '--client'])
  const listed = [...output.matchAll(/^ {2}- (\S+)/gm)].map(([, name]) => name ?? '')
  expect(listed.sort()).toEqual([...inScope, ...outOfScope].sort())
})

test.each(inScope)(
  'the official client scenario %s passes [MCP-20]',
  { timeout: 120_000 },
  async (scenario) => {
    const command = `"${process.execPath}" "${client}"`
    const { code, output } = await run(['client', '--command', command, '--scenario', scenario])
    expect(output).toContain('OVERALL: PASSED')
    expect(code).toBe(0)
  },
)
