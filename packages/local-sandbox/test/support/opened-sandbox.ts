import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Sandbox, SandboxAdapter } from '@belay/core/ports'
import { localSandbox, type LocalSandboxOptions } from '../../src/index.ts'
import { readdirSync } from 'node:fs'

/** A root on the disk, removed when the test has finished. */
export function freshRoot(): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'belay-sandbox-')))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  return root
}

/** One open sandbox without commands, and where its tree is on the disk. */
export interface OpenedSandbox {
  readonly root: string
  readonly adapter: SandboxAdapter
  readonly sandbox: Sandbox
  readonly files: Sandbox['files']
  /** The host's folder of `/workspace`. */
  readonly tree: string
}

/** Opens a sandbox on a root of its own, and closes it when the test has finished. */
export async function openedSandbox(options: Omit<LocalSandboxOptions, 'root'> = {}): Promise<OpenedSandbox> {
  const root = freshRoot()
  const adapter = localSandbox({ root, ...options })
  const sandbox = await adapter.open({ key: 'test', sessionId: 'session' })
  onTestFinished(async () => await adapter.close())
  return { root, adapter, sandbox, files: sandbox.files, tree: treeIn(root) }
}

/** The tree of the only open sandbox of a root. */
export function treeIn(root: string): string {
  const [name, ...others] = readdirSync(join(root, 'sandboxes'))
  if (name === undefined || others.length > 0) throw new Error('There is not one open sandbox.')
  return join(root, 'sandboxes', name, 'workspace')
}

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
export const textOf = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : new TextDecoder().decode(bytes)

/** Code and reason of what a call throws. */
export async function faultOf(call: Promise<unknown>): Promise<string> {
  try {
    await call
  } catch (error) {
    const { code, meta, name } = error as {
      readonly code?: string
      readonly meta?: { readonly reason?: string }
      readonly name: string
    }
    return code === undefined ? name : meta?.reason === undefined ? code : `${code}/${meta.reason}`
  }
  return 'no fault'
}
