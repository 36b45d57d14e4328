import assert from 'node:assert/strict'
import type {
  Capability,
  ExecOptions,
  ExecResult,
  Sandbox,
  SandboxFiles,
  SandboxRequest,
} from '@belay/core/ports'
import { outcomeOf, skipCase } from './contract.ts'
import type { CaseOf, ContractCase } from './contract.ts'
import type { FilesAdapters, FilesPlaceFactory, FilesWishes } from './files-place.ts'
import { refuses } from './refusals.ts'

/** What a case about a sandbox works with. */
export interface SandboxSubject extends FilesAdapters {
  /** A sandbox with a tree of its own. */
  readonly box: Sandbox
  /** Its files. */
  readonly files: SandboxFiles
  /** Another sandbox, with a key of its own unless the request has one. */
  openBox(request?: Partial<SandboxRequest>): Promise<Sandbox>
}

/** A case about a sandbox. */
export interface SandboxCase extends CaseOf<SandboxSubject> {
  readonly wishes?: FilesWishes
}

let keys = 0

/** Opens one more sandbox. */
export function openSandbox(
  { sandbox }: FilesAdapters,
  request: Partial<SandboxRequest> = {},
): Promise<Sandbox> {
  keys += 1
  return sandbox.open({ key: `case-${keys}`, sessionId: 'session', ...request })
}

/** Gives each case a fresh sandbox, and skips those whose capabilities it does not declare. */
export function bindSandboxCases(
  cases: readonly SandboxCase[],
  places: FilesPlaceFactory,
): readonly ContractCase[] {
  return cases.map(({ title, needs, wishes = {}, run }) => ({
    title,
    ...(needs === undefined ? {} : { needs }),
    run: () =>
      outcomeOf(async () => {
        const place = await places(wishes)
        let adapters: FilesAdapters | undefined
        try {
          adapters = await place.open()
          skipMissing(needs ?? [], adapters.sandbox.info.capabilities)
          const opened = adapters
          const box = await openSandbox(opened)
          await run({ ...opened, box, files: box.files, openBox: (request) => openSandbox(opened, request) })
        } finally {
          await closeAdapters(adapters)
          await place.close()
        }
      }),
  }))
}

/** Skips a case that needs what is not declared. */
export function skipMissing(needs: readonly Capability[], declared: readonly Capability[]): void {
  const missing = needs.filter((need) => !declared.includes(need))
  if (missing.length > 0) skipCase(`the adapter does not declare ${missing.join(', ')}`)
}

/** A sandbox ends before the workspaces that it stands on. */
export async function closeAdapters(adapters: FilesAdapters | undefined): Promise<void> {
  await Promise.allSettled([adapters?.sandbox.close()])
  await Promise.allSettled([adapters?.workspace?.close()])
}

const encoder = new TextEncoder()

/** A text as bytes. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text)
}

/** Bytes as a text; `undefined` stays. */
export function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
}

/** The text of a file; `undefined` when there is none. */
export async function textAt(files: SandboxFiles, path: string): Promise<string | undefined> {
  return textOf((await files.read(path))?.bytes)
}

/** Writes texts by path. */
export async function writeAll(files: SandboxFiles, texts: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(texts)) await files.write(path, utf8(text))
}

/** Names of a directory. */
export async function namesAt(files: SandboxFiles, path: string): Promise<readonly string[] | undefined> {
  return (await files.list(path))?.entries.map(({ name }) => name)
}

/** Asserts that a path is refused, for this reason where there is only one. */
export async function refusesPath(call: () => Promise<unknown>, reason?: string): Promise<void> {
  await refuses(call, 'sandbox/path', reason === undefined ? {} : { reason })
}

/** Runs a command of a sandbox that declared `sandbox.exec`. */
export async function runIn(box: Sandbox, command: string, options?: ExecOptions): Promise<ExecResult> {
  assert.ok(box.exec !== undefined, 'a sandbox with sandbox.exec has exec')
  return box.exec(command, options)
}

/** Runs a script that has to succeed; what it wrote. */
export async function shell(box: Sandbox, script: string, options: ExecOptions = {}): Promise<string> {
  const { exitCode, stdout, stderr } = await runIn(box, 'sh', { ...options, args: ['-c', script] })
  assert.equal(exitCode, 0, `the script failed: ${textOf(stderr)}`)
  return textOf(stdout) ?? ''
}
