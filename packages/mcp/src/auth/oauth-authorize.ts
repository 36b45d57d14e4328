import { randomBytes, timingSafeEqual } from 'node:crypto'
import { isCodedError } from '@belay/core/ports'
import type {
  OAuthClientInformationMixed,
  OAuthClientMetadata,
} from '@modelcontextprotocol/sdk/shared/auth.js'
import { abortable } from './abortable.ts'
import { authError } from './auth-error.ts'
import { loadSdkAuth, sameIssuer, type AuthorizationServer } from './oauth-discovery.ts'
import type { GuardedFetch } from './oauth-fetch.ts'
import { exchangeCode, type TokenRequest } from './oauth-grants.ts'
import type { AuthorizationCodeOptions } from './oauth-options.ts'
import type { RegisteredClient, TokenRecord } from './oauth-record.ts'

const defaultAuthorizeTimeoutMs = 300_000

/** Asks a person, and exchanges the code that comes back. */
export async function authorizeByCode(
  options: AuthorizationCodeOptions,
  request: TokenRequest & { readonly signal: AbortSignal },
): Promise<TokenRecord> {
  const { server, client, resource, scope } = request
  const sdk = await loadSdkAuth()
  const state = randomBytes(32).toString('base64url')
  const { authorizationUrl, codeVerifier } = await sdk.startAuthorization(server.issuer, {
    ...(server.metadata !== undefined && { metadata: server.metadata }),
    clientInformation: { client_id: client.id },
    redirectUrl: options.redirectUrl,
    state,
    ...(scope !== undefined && { scope }),
    ...(resource !== undefined && { resource }),
  })
  const timeoutMs = options.authorizeTimeoutMs ?? defaultAuthorizeTimeoutMs
  const timeout = AbortSignal.timeout(timeoutMs)
  const signal = AbortSignal.any([request.signal, timeout])
  let back: string | URL
  try {
    back = await abortable(options.onAuthorize(authorizationUrl, { signal }), signal)
  } catch (error) {
    if (timeout.aborted && !request.signal.aborted) {
      throw authError('denied', `Nobody answered the authorization within ${timeoutMs} ms.`)
    }
    throw error
  }
  const code = codeOf(back, options.redirectUrl, state, server)
  return exchangeCode(request, { code, verifier: codeVerifier, redirectUrl: options.redirectUrl })
}

/** Takes the code out of the address that the browser was sent to, if it belongs to this authorization. */
function codeOf(back: string | URL, redirectUrl: string, state: string, server: AuthorizationServer): string {
  if (!URL.canParse(String(back), redirectUrl)) {
    throw new TypeError('onAuthorize must give the address that the browser was sent back to.')
  }
  const { searchParams } = new URL(String(back), redirectUrl)
  const given = Buffer.from(searchParams.get('state') ?? '')
  const expected = Buffer.from(state)
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw authError(
      'state',
      'The answer belongs to another authorization: its state is not the one that was sent.',
    )
  }
  const issuer = searchParams.get('iss')
  const mustName = (
    server.metadata as { authorization_response_iss_parameter_supported?: unknown } | undefined
  )?.authorization_response_iss_parameter_supported
  if (issuer === null ? mustName === true : !sameIssuer(issuer, server.issuer)) {
    throw authError(
      'issuer_mismatch',
      'The answer comes from another authorization server (its iss is not the one that was asked).',
    )
  }
  const error = searchParams.get('error')
  if (error !== null) {
    const word = /^[a-z_]{1,40}$/.test(error) ? error : 'unknown'
    throw authError('denied', `The authorization was not given: ${word}.`, { meta: { oauthError: word } })
  }
  const code = searchParams.get('code')
  if (code === null || code === '') throw authError('state', 'The answer of the authorization has no code.')
  return code
}

/** Without PKCE a stolen code is a stolen token. A server of the oldest protocol has no metadata to say it in. */
export function requirePkce({ metadata, issuer }: AuthorizationServer): void {
  if (metadata === undefined) return
  const supports =
    (metadata.code_challenge_methods_supported as readonly string[] | undefined)?.includes('S256') === true
  if (!supports)
    throw authError('metadata', `${new URL(issuer).origin} does not say that it supports PKCE with S256.`)
  if (!metadata.response_types_supported.includes('code')) {
    throw authError('metadata', `${new URL(issuer).origin} does not give authorization codes.`)
  }
}

/** Where the client is registered. */
export interface RegistrationInit {
  readonly options: AuthorizationCodeOptions
  readonly server: AuthorizationServer
  readonly scope: string | undefined
  readonly guard: GuardedFetch
}

/** The client for a server that was given none: a metadata document if both know them, else a registration (RFC 7591). */
export async function registerClient({
  options,
  server,
  scope,
  guard,
}: RegistrationInit): Promise<RegisteredClient> {
  const { issuer, metadata } = server
  const { clientMetadataUrl } = options
  if (clientMetadataUrl !== undefined && metadata?.client_id_metadata_document_supported === true) {
    return { issuer, id: clientMetadataUrl }
  }
  const origin = new URL(issuer).origin
  if (metadata !== undefined && metadata.registration_endpoint === undefined) {
    throw authError(
      'registration',
      `${origin} registers no clients. Pass the client that you registered with it.`,
    )
  }
  const sdk = await loadSdkAuth()
  const isPublic = metadata?.token_endpoint_auth_methods_supported?.includes('none') === true
  const clientMetadata: OAuthClientMetadata = {
    redirect_uris: [options.redirectUrl],
    client_name: options.clientName ?? 'Belay',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    ...(isPublic && { token_endpoint_auth_method: 'none' }),
  }
  let client: OAuthClientInformationMixed
  try {
    client = await sdk.registerClient(issuer, {
      ...(metadata !== undefined && { metadata }),
      clientMetadata,
      ...(scope !== undefined && { scope }),
      fetchFn: guard.fetch,
    })
  } catch (error) {
    if (isCodedError(error)) throw error
    const status = guard.lastStatus()
    throw authError(
      'registration',
      `${origin} did not register the client${status === undefined ? '' : ` (status ${status})`}. Pass a client that you registered with it.`,
    )
  }
  const { token_endpoint_auth_method: method } = client as { readonly token_endpoint_auth_method?: string }
  return {
    issuer,
    id: client.client_id,
    ...(client.client_secret !== undefined && { secret: client.client_secret }),
    ...(method !== undefined && { authMethod: method }),
  }
}
