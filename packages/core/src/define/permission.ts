import type { Json } from '../ports/index.ts'
import { checkFields, checkFunction, invalidDefinition } from './check.ts'
import { sourcedName } from './tool-sources.ts'

/** Whether a tool may be called: at once, never, or after somebody was asked. */
export type Permission = 'allow' | 'deny' | 'ask'

/** What `onPermission` is asked about. */
export interface PermissionRequest {
  readonly runId: string
  readonly sessionId: string
  readonly tool: string
  readonly toolVersion: string
  readonly arguments: Json
  readonly metadata: Json
  /** The model's id of the call; absent when a workflow calls the tool. */
  readonly callId?: string
  readonly agent?: string
}

/**
 * Decides in the process that executes the run, where the permission is `ask`. `ask` and `undefined` leave it to
 * an approval; throwing and taking longer than 60 s deny.
 */
export type OnPermission = (
  request: PermissionRequest,
  options: { readonly signal: AbortSignal },
) => Permission | undefined | Promise<Permission | undefined>

/** Checks the permissions of an agent: each names one of its tools, or one that a source of it may have. */
export function checkPermissions(
  what: string,
  permissions: Readonly<Record<string, Permission>> | undefined,
  { tools, sources }: Readonly<Record<'tools' | 'sources', readonly { readonly name: string }[]>>,
): void {
  for (const [name, permission] of Object.entries(permissions ?? {})) {
    const mayExist = sources.some((source) => name.startsWith(sourcedName(source.name, '')))
    if (!mayExist && !tools.some((tool) => tool.name === name))
      invalidDefinition(`${what}: permissions names the tool "${name}", which the agent does not have.`)
    checkFields(`${what}, permissions`, { [name]: permission ?? null }, { [name]: 'permission' })
  }
}

/** Checks a hook. */
export function checkOnPermission(what: string, hook: unknown): void {
  if (hook !== undefined) checkFunction(what, 'onPermission', hook)
}
