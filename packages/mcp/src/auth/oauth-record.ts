import type { JsonObject } from '@belay/core/ports'
import { authError } from './auth-error.ts'

/** A client that was registered, and where. It is shown to no other authorization server. */
export interface RegisteredClient {
  readonly issuer: string
  readonly id: string
  readonly secret?: string
  readonly authMethod?: string
}

/** What was granted. */
export interface TokenRecord {
  readonly access: string
  readonly refresh?: string
  /** When it is renewed before it is shown, in milliseconds since the epoch: a little before it ends. */
  readonly renewAt?: number
  /** The scopes that were asked for, so that the same ones are not asked for again and again. */
  readonly asked?: string
}

/** What the store keeps for one server and account. */
export interface OAuthRecord {
  /** The authorization server that gave the first token. No other one is used from then on. */
  readonly issuer?: string
  /** The resource indicator that tokens are asked for. */
  readonly resource?: string
  readonly client?: RegisteredClient
  readonly token?: TokenRecord
}

/** A request takes a while to arrive, so a token is renewed this long before its end; a short one in its last tenth. */
const skewMs = 30_000

/** When a token that lives for so long has to be renewed. */
export function renewAtOf(lifetimeMs: number, now = Date.now()): number {
  return now + lifetimeMs - Math.min(skewMs, lifetimeMs / 10)
}

/** Whether the token can be shown now. */
export function isUsable(token: TokenRecord, now = Date.now()): boolean {
  return token.renewAt === undefined || token.renewAt > now
}

/** One entry of the store for one server and account. Query and fragment name no other server. */
export function credentialKey(serverUrl: URL, account: string): string {
  return `oauth/${account}/${serverUrl.origin}${serverUrl.pathname}`
}

/** Reads what a store gave. What has another form was written by somebody else. */
export function parseRecord(value: JsonObject | undefined): OAuthRecord {
  if (value === undefined) return {}
  const { issuer, resource, client, token } = value
  const isWhole =
    isTextOrAbsent(issuer) &&
    isTextOrAbsent(resource) &&
    (client === undefined ||
      (isObject(client) && typeof client['id'] === 'string' && typeof client['issuer'] === 'string')) &&
    (token === undefined ||
      (isObject(token) && typeof token['access'] === 'string' && isTextOrAbsent(token['refresh'])))
  if (isWhole) return value
  throw authError(
    'credentials_corrupt',
    'The credential store holds something else under the key of this server. Delete that entry.',
  )
}

/** As the store takes it. */
export function recordJson(record: OAuthRecord): JsonObject {
  return JSON.parse(JSON.stringify(record)) as JsonObject
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isTextOrAbsent(value: unknown): boolean {
  return value === undefined || typeof value === 'string'
}
