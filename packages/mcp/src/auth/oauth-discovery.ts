import { isCodedError } from '@belay/core/ports'
import type * as SdkAuth from '@modelcontextprotocol/sdk/client/auth.js'
import type {
  AuthorizationServerMetadata,
  OAuthProtectedResourceMetadata,
} from '@modelcontextprotocol/sdk/shared/auth.js'
import { authError } from './auth-error.ts'
import type { GuardedFetch } from './oauth-fetch.ts'

/** Loaded when something is authorised, not when the package is imported. */
export const loadSdkAuth = (): Promise<typeof SdkAuth> => import('@modelcontextprotocol/sdk/client/auth.js')

/** What is known of an authorization server. */
export interface AuthorizationServer {
  readonly issuer: string
  /** Absent: a server of the oldest protocol version, with endpoints at fixed paths. */
  readonly metadata: AuthorizationServerMetadata | undefined
}

/** What a server says of who guards it. */
export interface ProtectedServer extends AuthorizationServer {
  /** The resource indicator (RFC 8707) as the server spells it. */
  readonly resource: string | undefined
  readonly scopes: string | undefined
}

/** Which server is looked up, and what has to come of it. */
export interface DiscoveryInit {
  readonly serverUrl: URL
  readonly guard: GuardedFetch
  /** From the refusal of the server. */
  readonly metadataUrl?: URL
  /** What the answer must be: the option, or the issuer of the first authorization. */
  readonly pinned?: string
}

/** Finds the authorization server of an MCP server (RFC 9728, RFC 8414), and refuses one that is not the pinned one. */
export async function discover({
  serverUrl,
  guard,
  metadataUrl,
  pinned,
}: DiscoveryInit): Promise<ProtectedServer> {
  const sdk = await loadSdkAuth()
  if (metadataUrl !== undefined && metadataUrl.origin !== serverUrl.origin) {
    throw authError(
      'metadata_origin',
      `${serverUrl.origin} points to metadata of ${metadataUrl.origin}, which is not read.`,
    )
  }
  const protectedBy = await readResource(serverUrl, metadataUrl, guard)
  const named = protectedBy?.authorization_servers ?? []
  const issuer = pinned === undefined ? named[0] : named.find((name) => sameIssuer(name, pinned))
  const found = issuer ?? named[0] ?? `${serverUrl.origin}/`
  if (pinned !== undefined && !sameIssuer(found, pinned)) throw issuerChanged(serverUrl, pinned, found)
  let resource: string | undefined
  if (protectedBy !== undefined) {
    try {
      await sdk.selectResourceURL(serverUrl, {} as Parameters<typeof sdk.selectResourceURL>[1], protectedBy)
    } catch {
      throw authError('resource_mismatch', `The metadata of ${serverUrl.origin} describes another resource.`)
    }
    // As it is spelled: a parsed URL gains a slash, and authorization servers compare texts.
    resource = protectedBy.resource
  }
  return { ...(await readServer(found, guard)), resource, scopes: protectedBy?.scopes_supported?.join(' ') }
}

/** The metadata of a known authorization server. It must name itself, and its endpoints must be encrypted. */
export async function readServer(issuer: string, guard: GuardedFetch): Promise<AuthorizationServer> {
  const sdk = await loadSdkAuth()
  if (!URL.canParse(issuer))
    throw authError('metadata', 'The authorization server is not named by an address.')
  guard.assertTrusted(new URL(issuer))
  let metadata: AuthorizationServerMetadata | undefined
  try {
    metadata = await sdk.discoverAuthorizationServerMetadata(issuer, { fetchFn: guard.fetch })
  } catch (error) {
    if (isCodedError(error)) throw error
    throw badAnswer(guard, `the metadata of ${new URL(issuer).origin}`)
  }
  if (metadata === undefined) return { issuer, metadata }
  if (!sameIssuer(metadata.issuer, issuer)) {
    throw authError('issuer_mismatch', `The metadata of ${new URL(issuer).origin} names another issuer.`)
  }
  for (const endpoint of [
    metadata.authorization_endpoint,
    metadata.token_endpoint,
    metadata.registration_endpoint,
  ]) {
    if (endpoint !== undefined) guard.assertTrusted(new URL(endpoint))
  }
  return { issuer, metadata }
}

/** Two spellings of one issuer: as parsed, with or without a slash at the end. */
export function sameIssuer(a: string, b: string): boolean {
  const canonical = (text: string): string =>
    (URL.canParse(text) ? new URL(text).href : text).replace(/\/$/, '')
  return canonical(a) === canonical(b)
}

/** `undefined` when the server has no such document: it is its own authorization server then. */
async function readResource(
  serverUrl: URL,
  metadataUrl: URL | undefined,
  guard: GuardedFetch,
): Promise<OAuthProtectedResourceMetadata | undefined> {
  const sdk = await loadSdkAuth()
  try {
    const options = metadataUrl === undefined ? {} : { resourceMetadataUrl: metadataUrl }
    return await sdk.discoverOAuthProtectedResourceMetadata(serverUrl, options, guard.fetch)
  } catch (error) {
    if (isCodedError(error)) throw error
    const status = guard.lastStatus()
    if (status !== undefined && status >= 300 && status < 500 && metadataUrl === undefined) return undefined
    throw badAnswer(guard, `the metadata of ${serverUrl.origin}`)
  }
}

function badAnswer(guard: GuardedFetch, what: string): Error {
  const status = guard.lastStatus()
  if (status !== undefined && status >= 400) {
    return authError('authorization_server', `Reading ${what} gave status ${status}.`, {
      retryable: status >= 500,
      meta: { status },
    })
  }
  return authError('metadata', `What was read as ${what} is no such document.`)
}

function issuerChanged(serverUrl: URL, pinned: string, found: string): Error {
  const name = (text: string): string =>
    URL.canParse(text) ? new URL(text).origin : 'an address that cannot be read'
  return authError(
    'issuer_changed',
    `${serverUrl.origin} now names ${name(found)} as its authorization server; ${name(pinned)} is the one that was agreed. If the change is meant, call forget() and authorise anew.`,
  )
}
