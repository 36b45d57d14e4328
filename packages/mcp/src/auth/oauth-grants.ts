import { isCodedError } from '@belay/core/ports'
import type { OAuthClientInformationMixed, OAuthTokens } from '@modelcontextprotocol/sdk/shared/auth.js'
import { authError } from './auth-error.ts'
import { loadSdkAuth, type AuthorizationServer } from './oauth-discovery.ts'
import type { GuardedFetch } from './oauth-fetch.ts'
import type { OAuthClient } from './oauth-options.ts'
import { renewAtOf, type RegisteredClient, type TokenRecord } from './oauth-record.ts'

/** Who asks for a token, where and how. */
export interface TokenRequest {
  readonly server: AuthorizationServer
  readonly client: OAuthClient | RegisteredClient
  readonly resource: string | undefined
  readonly scope: string | undefined
  /** Follows no signal of a caller: a refresh token that was used is gone, so its answer is always waited for. */
  readonly guard: GuardedFetch
}

/** A token endpoint said no. `oauthError` is the word of RFC 6749. */
export interface TokenRefusal {
  readonly oauthError: string
}

/** Whether a token request was refused because what it showed is no longer valid. */
export function isInvalidGrant(error: unknown): boolean {
  return isCodedError(error) && error.meta['oauthError'] === 'invalid_grant'
}

/** Whether the authorization server does not know the client any more. */
export function isInvalidClient(error: unknown): boolean {
  return (
    isCodedError(error) &&
    (error.meta['oauthError'] === 'invalid_client' || error.meta['oauthError'] === 'unauthorized_client')
  )
}

/** Uses a refresh token, once. */
export async function refreshToken(request: TokenRequest, refresh: string): Promise<TokenRecord> {
  const sdk = await loadSdkAuth()
  return grant(request, async (shared) =>
    sdk.refreshAuthorization(request.server.issuer, {
      ...shared,
      clientInformation: clientInformation(request),
      refreshToken: refresh,
    }),
  )
}

/** Exchanges a code. */
export async function exchangeCode(
  request: TokenRequest,
  code: { readonly code: string; readonly verifier: string; readonly redirectUrl: string },
): Promise<TokenRecord> {
  const sdk = await loadSdkAuth()
  return grant(request, async (shared) =>
    sdk.exchangeAuthorization(request.server.issuer, {
      ...shared,
      clientInformation: clientInformation(request),
      authorizationCode: code.code,
      codeVerifier: code.verifier,
      redirectUri: code.redirectUrl,
    }),
  )
}

/** A token for the client itself. */
export async function clientCredentials(request: TokenRequest): Promise<TokenRecord> {
  const sdk = await loadSdkAuth()
  return grant(request, async ({ addClientAuthentication, ...shared }) =>
    sdk.fetchToken(
      {
        redirectUrl: undefined,
        clientMetadata: { redirect_uris: [] },
        clientInformation: () => clientInformation(request),
        tokens: () => undefined,
        saveTokens: () => undefined,
        redirectToAuthorization: () => undefined,
        saveCodeVerifier: () => undefined,
        codeVerifier: () => '',
        prepareTokenRequest: () =>
          new URLSearchParams({
            grant_type: 'client_credentials',
            ...(request.scope !== undefined && { scope: request.scope }),
          }),
        ...(addClientAuthentication !== undefined && { addClientAuthentication }),
      },
      request.server.issuer,
      shared,
    ),
  )
}

type SdkAuth = Awaited<ReturnType<typeof loadSdkAuth>>
type RefreshOptions = Parameters<SdkAuth['refreshAuthorization']>[1]
type Shared = Pick<RefreshOptions, 'metadata' | 'resource' | 'addClientAuthentication' | 'fetchFn'>

async function grant(
  request: TokenRequest,
  ask: (shared: Shared) => Promise<OAuthTokens>,
): Promise<TokenRecord> {
  const { server, client, resource, guard, scope } = request
  const shared: Shared = {
    fetchFn: guard.fetch,
    ...(server.metadata !== undefined && { metadata: server.metadata }),
    ...(resource !== undefined && { resource }),
    ...('privateKey' in client && { addClientAuthentication: await assertion(client) }),
  }
  let tokens: OAuthTokens
  try {
    tokens = await ask(shared)
  } catch (error) {
    throw tokenError(error, server, guard)
  }
  if (tokens.token_type.toLowerCase() !== 'bearer' || !/^[\x21-\x7e]+$/.test(tokens.access_token)) {
    throw authError('metadata', `${new URL(server.issuer).origin} gave a token that is not a bearer token.`)
  }
  return {
    access: tokens.access_token,
    ...(tokens.refresh_token !== undefined && { refresh: tokens.refresh_token }),
    ...(tokens.expires_in !== undefined && { renewAt: renewAtOf(tokens.expires_in * 1_000) }),
    ...(scope !== undefined && { asked: scope }),
  }
}

/** The form of the SDK. It carries the issuer, so that the SDK holds to it as well. */
function clientInformation({
  client,
  server,
}: TokenRequest): OAuthClientInformationMixed & { issuer: string } {
  return {
    client_id: client.id,
    issuer: server.issuer,
    ...('secret' in client && client.secret !== undefined && { client_secret: client.secret }),
    ...('authMethod' in client &&
      client.authMethod !== undefined && { token_endpoint_auth_method: client.authMethod }),
  }
}

async function assertion(
  client: Extract<OAuthClient, { readonly privateKey: string }>,
): Promise<NonNullable<Shared['addClientAuthentication']>> {
  const { createPrivateKeyJwtAuth } = await import('@modelcontextprotocol/sdk/client/auth-extensions.js')
  return createPrivateKeyJwtAuth({
    issuer: client.id,
    subject: client.id,
    privateKey: client.privateKey,
    alg: client.algorithm,
  })
}

/** The SDK quotes whole answers in its messages, so nothing of them but the word for the error goes on. */
function tokenError(error: unknown, server: AuthorizationServer, guard: GuardedFetch): unknown {
  if (isCodedError(error)) return error
  const origin = new URL(server.issuer).origin
  const status = guard.lastStatus()
  const { errorCode } = Object(error) as { readonly errorCode?: unknown }
  const isFault = status === undefined || status >= 500 || status === 429
  const word =
    typeof errorCode === 'string' && /^[a-z_]{1,40}$/.test(errorCode) && !isFault ? errorCode : undefined
  const meta = { ...(status !== undefined && { status }), ...(word !== undefined && { oauthError: word }) }
  if (isFault) {
    return authError(
      'authorization_server',
      `${origin} could not give a token${status === undefined ? '' : ` (status ${status})`}.`,
      { retryable: true, meta },
    )
  }
  return authError('refused', `${origin} refused to give a token${word === undefined ? '' : `: ${word}`}.`, {
    meta,
  })
}
