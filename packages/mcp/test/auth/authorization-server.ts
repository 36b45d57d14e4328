import { createHash, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a test changes of the behaviour. */
export interface Knobs {
  /** What the resource names as its authorization server. */
  issuer?: string
  /** What the metadata names as its issuer. */
  metadataIssuer?: string
  /** Where the 401 points to. */
  resourceMetadata?: string
  resource?: string
  /** Fields over the metadata of the authorization server; `undefined` leaves one out. */
  metadata: Record<string, unknown>
  expiresIn?: number
  /** Status of the token endpoint instead of an answer. */
  tokenStatus?: number
  /** Where the token endpoint redirects to. */
  tokenRedirect?: string
  /** More rights are needed than these tokens have. */
  stepUp?: string
  /** Answers of the token endpoint wait for it. */
  hold?: Promise<void>
}

/** What came in. */
export interface Heard {
  readonly tokens: URLSearchParams[]
  readonly tokenHeaders: IncomingMessage['headers'][]
  readonly registrations: Record<string, unknown>[]
  readonly authorizations: URL[]
  readonly resourceCalls: { readonly authorization: string | undefined; readonly status: number }[]
  /** Refresh tokens that came a second time: whoever does that may be a thief. */
  readonly reused: string[]
}

/** An MCP server behind OAuth, and the authorization server that guards it. Refresh tokens work once. */
export interface AuthPlace {
  readonly resourceUrl: URL
  readonly issuer: string
  readonly knobs: Knobs
  readonly heard: Heard
  /** Ends every access token that was given. */
  revokeAccess(): void
  /** The browser: says yes and gives the address that it is sent back to. */
  consent(url: URL): URL
  isValid(token: string): boolean
  close(): Promise<void>
}

export async function startAuthPlace(): Promise<AuthPlace> {
  const heard: Heard = {
    tokens: [],
    tokenHeaders: [],
    registrations: [],
    authorizations: [],
    resourceCalls: [],
    reused: [],
  }
  const knobs: Knobs = { metadata: {} }
  const codes = new Map<string, { readonly challenge: string; readonly redirect: string }>()
  const access = new Set<string>()
  const refresh = new Set<string>()
  const spent = new Set<string>()
  let issuer = ''
  let resourceUrl = new URL('http://localhost')

  const grantTokens = (scope: string | null): Record<string, unknown> => {
    const token = `canary-access-${randomBytes(8).toString('hex')}`
    const next = `canary-refresh-${randomBytes(8).toString('hex')}`
    access.add(token)
    refresh.add(next)
    return {
      access_token: token,
      token_type: 'Bearer',
      refresh_token: next,
      expires_in: knobs.expiresIn ?? 3_600,
      ...(scope !== null && { scope }),
    }
  }

  const token = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const params = new URLSearchParams(await bodyOf(request))
    heard.tokens.push(params)
    heard.tokenHeaders.push(request.headers)
    await knobs.hold
    if (knobs.tokenRedirect !== undefined)
      return void response.writeHead(307, { location: knobs.tokenRedirect }).end()
    if (knobs.tokenStatus !== undefined)
      return void response.writeHead(knobs.tokenStatus).end(`echo ${params.toString()}`)
    const shown = params.get('refresh_token')
    switch (params.get('grant_type')) {
      case 'authorization_code': {
        const code = codes.get(params.get('code') ?? '')
        codes.delete(params.get('code') ?? '')
        const verifier = createHash('sha256')
          .update(params.get('code_verifier') ?? '')
          .digest('base64url')
        const fits = code?.challenge === verifier && code.redirect === params.get('redirect_uri')
        return json(response, fits ? 200 : 400, fits ? grantTokens(null) : { error: 'invalid_grant' })
      }
      case 'refresh_token': {
        if (shown !== null && spent.has(shown)) heard.reused.push(shown)
        if (shown === null || !refresh.delete(shown))
          return json(response, 400, { error: 'invalid_grant', error_description: `bad ${shown}` })
        spent.add(shown)
        return json(response, 200, grantTokens(null))
      }
      case 'client_credentials':
        return json(response, 200, grantTokens(params.get('scope')))
      default:
        return json(response, 400, { error: 'unsupported_grant_type' })
    }
  }

  const authorization = await listen(async (request, response) => {
    const url = new URL(request.url ?? '/', issuer)
    if (url.pathname === '/.well-known/oauth-authorization-server') {
      return json(response, 200, {
        issuer: knobs.metadataIssuer ?? issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        registration_endpoint: `${issuer}/register`,
        response_types_supported: ['code'],
        code_challenge_methods_supported: ['S256'],
        token_endpoint_auth_methods_supported: ['none', 'client_secret_basic'],
        ...knobs.metadata,
      })
    }
    if (url.pathname === '/register') {
      const client = JSON.parse(await bodyOf(request)) as Record<string, unknown>
      heard.registrations.push(client)
      return json(response, 201, { ...client, client_id: `client-${heard.registrations.length}` })
    }
    if (url.pathname === '/token') return token(request, response)
    return void response.writeHead(404).end()
  })
  issuer = authorization.origin

  const resource = await listen(async (request, response) => {
    if (request.url?.startsWith('/.well-known/oauth-protected-resource') === true) {
      return json(response, 200, {
        resource: knobs.resource ?? resourceUrl.href,
        authorization_servers: [knobs.issuer ?? issuer],
      })
    }
    await bodyOf(request)
    const { authorization: shown } = request.headers
    const valid = access.has(shown?.replace(/^Bearer /, '') ?? '')
    const status = valid ? (knobs.stepUp === undefined ? 200 : 403) : 401
    heard.resourceCalls.push({ authorization: shown, status })
    if (status === 200) return json(response, 200, { ok: true })
    const metadata = knobs.resourceMetadata ?? `${resource.origin}/.well-known/oauth-protected-resource/mcp`
    const more = status === 403 ? `error="insufficient_scope", scope="${knobs.stepUp}", ` : ''
    response.setHeader('www-authenticate', `Bearer ${more}resource_metadata="${metadata}"`)
    json(response, status, {})
  })
  resourceUrl = new URL('/mcp', resource.origin)

  return {
    resourceUrl,
    issuer,
    knobs,
    heard,
    revokeAccess: () => access.clear(),
    isValid: (value) => access.has(value),
    consent: (url) => {
      heard.authorizations.push(url)
      const query = url.searchParams
      const code = `canary-code-${randomBytes(8).toString('hex')}`
      codes.set(code, {
        challenge: query.get('code_challenge') ?? '',
        redirect: query.get('redirect_uri') ?? '',
      })
      const back = new URL(query.get('redirect_uri') ?? '')
      back.searchParams.set('code', code)
      back.searchParams.set('state', query.get('state') ?? '')
      return back
    },
    close: async () => {
      await Promise.all([authorization.close(), resource.close()])
    },
  }
}

/** A server on a free port of this host. */
export async function listen(
  answer: (request: IncomingMessage, response: ServerResponse) => unknown,
): Promise<{ readonly origin: string; readonly server: Server; close(): Promise<void> }> {
  const server = createServer(
    (request, response) => void Promise.resolve(answer(request, response)).catch(() => response.destroy()),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    server,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return text
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}
