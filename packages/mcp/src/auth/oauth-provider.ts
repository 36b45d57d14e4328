import { abortable } from './abortable.ts'
import { authError } from './auth-error.ts'
import { authorizeByCode, registerClient, requirePkce } from './oauth-authorize.ts'
import { discover, loadSdkAuth, readServer, sameIssuer, type ProtectedServer } from './oauth-discovery.ts'
import { guardedFetch, type GuardedFetch } from './oauth-fetch.ts'
import {
  clientCredentials,
  isInvalidClient,
  isInvalidGrant,
  refreshToken,
  type TokenRequest,
} from './oauth-grants.ts'
import { checkOAuthOptions } from './oauth-check.ts'
import type { OAuthOptions } from './oauth-options.ts'
import { credentialKey, isUsable, parseRecord, recordJson, type OAuthRecord } from './oauth-record.ts'
import type { AuthRefusal, AuthRequest, ServerAuth } from './server-auth.ts'

/** OAuth 2.1 for one account, at as many servers as it is used for. */
export interface OAuthProvider extends ServerAuth {
  readonly kind: 'oauth'
  refused(request: AuthRequest, refusal: AuthRefusal): Promise<boolean>
  /** Deletes what is kept for a server: tokens, registration and the pinned issuer. */
  forget(serverUrl: string | URL): Promise<void>
}

/** What a refusal asks for. */
interface Challenge {
  readonly metadataUrl?: URL
  readonly scope?: string
  /** The token is valid, but not for this. */
  readonly isStepUp: boolean
}

/** Why a token is renewed. */
interface Renewal {
  readonly key: string
  readonly request: AuthRequest
  /** The token that does not do. */
  readonly stale: string | undefined
  /** Absent: only a refresh; nobody is asked. */
  readonly challenge?: Challenge
}

/** A renewal under way, for all who wait for it. */
interface Flight {
  readonly result: Promise<OAuthRecord>
  readonly isFull: boolean
  readonly controller: AbortController
  waiting: number
}

/**
 * OAuth 2.1 client: discovery, registration, PKCE and resource indicators of the SDK, with the issuer pinned, state
 * checked, and one renewal at a time in all processes that share the credential store.
 */
export function oauthProvider(options: OAuthOptions): OAuthProvider {
  checkOAuthOptions(options)
  return new StoredOAuth(options)
}

class StoredOAuth implements OAuthProvider {
  readonly kind = 'oauth'
  readonly #options: OAuthOptions
  readonly #cached = new Map<string, OAuthRecord>()
  readonly #flights = new Map<string, Flight>()

  constructor(options: OAuthOptions) {
    this.#options = options
    // Loggers that print every own property print no client secret: the options are private.
  }

  async headers(request: AuthRequest): Promise<Readonly<Record<string, string>>> {
    const key = this.#key(request.serverUrl)
    let record = this.#cached.get(key) ?? (await this.#read(key))
    if (record.token?.refresh !== undefined && !isUsable(record.token)) {
      record = await this.#renew({ key, request, stale: record.token.access })
    }
    const { token } = record
    return token !== undefined && isUsable(token) ? { authorization: `Bearer ${token.access}` } : {}
  }

  async refused(request: AuthRequest, refusal: AuthRefusal): Promise<boolean> {
    const key = this.#key(request.serverUrl)
    const stale = /^Bearer (.+)$/.exec(refusal.sent['authorization'] ?? '')?.[1]
    const challenge = await readChallenge(refusal)
    const { token } = this.#cached.get(key) ?? {}
    if (challenge.isStepUp && token?.access === stale && coversScope(token?.asked, challenge.scope))
      return false
    await this.#renew({ key, request, stale, challenge })
    return true
  }

  async forget(serverUrl: string | URL): Promise<void> {
    const key = this.#key(new URL(serverUrl))
    await this.#options.store.withLock(key, () => this.#options.store.delete(key))
    this.#cached.delete(key)
  }

  #key(serverUrl: URL): string {
    return credentialKey(serverUrl, this.#options.account ?? 'default')
  }

  async #read(key: string): Promise<OAuthRecord> {
    const record = parseRecord(await this.#options.store.get(key))
    const { issuer } = this.#options
    if (issuer !== undefined && record.issuer !== undefined && !sameIssuer(issuer, record.issuer)) {
      // Its tokens are for the other one; they are neither shown to this one nor thrown away.
      throw authError(
        'issuer_changed',
        'The credential store holds tokens of another issuer for this server. If the change is meant, call forget() and authorise anew.',
      )
    }
    this.#cached.set(key, record)
    return record
  }

  async #write(key: string, record: OAuthRecord): Promise<OAuthRecord> {
    await this.#options.store.set(key, recordJson(record))
    this.#cached.set(key, record)
    return record
  }

  /** Joins a renewal that is under way; starts one of its own when that one may do less than is asked for. */
  async #renew(renewal: Renewal): Promise<OAuthRecord> {
    const { key, request, challenge } = renewal
    const running = this.#flights.get(key)
    if (running !== undefined && !running.isFull && challenge !== undefined) {
      await this.#wait(running, request.signal).catch(() => undefined)
      request.signal?.throwIfAborted()
      if (this.#flights.get(key) === running) this.#flights.delete(key)
    }
    return this.#wait(this.#flights.get(key) ?? this.#start(renewal), request.signal)
  }

  #start(renewal: Renewal): Flight {
    const { key, challenge } = renewal
    const controller = new AbortController()
    const { signal } = controller
    const work = this.#options.store.withLock(key, () => this.#renewLocked(renewal, signal), { signal })
    const flight: Flight = { result: work, isFull: challenge !== undefined, controller, waiting: 0 }
    this.#flights.set(key, flight)
    void work
      .catch(() => undefined)
      .then(() => {
        if (this.#flights.get(key) === flight) this.#flights.delete(key)
      })
    return flight
  }

  /** When nobody waits any more, what can be stopped stops; a token request that is under way does not. */
  async #wait(flight: Flight, signal: AbortSignal | undefined): Promise<OAuthRecord> {
    flight.waiting++
    try {
      return await abortable(flight.result, signal)
    } finally {
      if (--flight.waiting === 0) this.#leave(flight)
    }
  }

  /** Who comes later must not join what is being stopped. */
  #leave(flight: Flight): void {
    for (const [key, running] of this.#flights) if (running === flight) this.#flights.delete(key)
    flight.controller.abort()
  }

  async #renewLocked({ key, request, stale, challenge }: Renewal, signal: AbortSignal): Promise<OAuthRecord> {
    let record = await this.#read(key)
    // Somebody else renewed it while this one waited for the lock.
    if (record.token !== undefined && isUsable(record.token) && record.token.access !== stale) return record
    const guard = this.#guard(request, signal)
    const pinned = this.#options.issuer ?? record.issuer
    // Before anything is shown to anybody: the server must still name the same authorization server.
    const server =
      challenge === undefined
        ? undefined
        : await discover({
            serverUrl: request.serverUrl,
            guard,
            ...(challenge.metadataUrl !== undefined && { metadataUrl: challenge.metadataUrl }),
            ...(pinned !== undefined && { pinned }),
          })
    const { refresh } = record.token ?? {}
    if (refresh !== undefined && challenge?.isStepUp !== true) {
      record = await this.#refresh(key, record, request, { refresh, server, signal })
      if (record.token !== undefined && isUsable(record.token)) return record
    }
    if (challenge === undefined || server === undefined) return record
    return this.#authorize(key, record, request, { server, challenge, signal })
  }

  /** Leaves the record without a token when the authorization server does not know the refresh token any more. */
  async #refresh(
    key: string,
    record: OAuthRecord,
    request: AuthRequest,
    init: {
      readonly refresh: string
      readonly server: ProtectedServer | undefined
      readonly signal: AbortSignal
    },
  ): Promise<OAuthRecord> {
    const issuer = this.#options.issuer ?? record.issuer
    const client = this.#client(record, issuer)
    if (issuer === undefined || client === undefined) return record
    const server = init.server ?? (await readServer(issuer, this.#guard(request, init.signal)))
    const resource = init.server?.resource ?? record.resource
    init.signal.throwIfAborted()
    try {
      const token = await refreshToken(
        { server, client, resource, scope: record.token?.asked, guard: this.#guard(request) },
        init.refresh,
      )
      return await this.#write(key, { ...record, token })
    } catch (error) {
      if (!isInvalidGrant(error) && !isInvalidClient(error)) throw error
      const { token: _token, client: registered, ...rest } = record
      // A client that is not known any more is registered anew.
      return this.#write(
        key,
        isInvalidClient(error) || registered === undefined ? rest : { ...rest, client: registered },
      )
    }
  }

  async #authorize(
    key: string,
    record: OAuthRecord,
    request: AuthRequest,
    init: { readonly server: ProtectedServer; readonly challenge: Challenge; readonly signal: AbortSignal },
  ): Promise<OAuthRecord> {
    const { server, challenge, signal } = init
    const options = this.#options
    const scope = scopeFor(options.scope, record.token?.asked, challenge, server)
    const base = { server, resource: server.resource, scope, guard: this.#guard(request) }
    if (options.grant === 'client_credentials') {
      signal.throwIfAborted()
      const token = await clientCredentials({ ...base, client: options.client })
      return this.#write(key, granted(record, server, token))
    }
    requirePkce(server)
    let client = this.#client(record, server.issuer)
    if (client === undefined) {
      const registered = await registerClient({ options, server, scope, guard: this.#guard(request, signal) })
      record = await this.#write(key, { ...record, client: registered })
      client = registered
    }
    const token = await authorizeByCode(options, { ...base, client, signal })
    return this.#write(key, granted(record, server, token))
  }

  #client(record: OAuthRecord, issuer: string | undefined): TokenRequest['client'] | undefined {
    if (this.#options.client !== undefined) return this.#options.client
    return record.client?.issuer === issuer ? record.client : undefined
  }

  #guard(request: AuthRequest, signal?: AbortSignal): GuardedFetch {
    return guardedFetch({
      fetch: request.fetch ?? fetch,
      named: [
        request.serverUrl,
        ...(this.#options.issuer === undefined ? [] : [new URL(this.#options.issuer)]),
      ],
      timeoutMs: this.#options.timeoutMs ?? 30_000,
      ...(signal !== undefined && { signal }),
    })
  }
}

function granted(
  record: OAuthRecord,
  server: ProtectedServer,
  token: NonNullable<OAuthRecord['token']>,
): OAuthRecord {
  const { client } = record
  return {
    issuer: server.issuer,
    token,
    ...(server.resource !== undefined && { resource: server.resource }),
    ...(client !== undefined && { client }),
  }
}

async function readChallenge({ status, wwwAuthenticate }: AuthRefusal): Promise<Challenge> {
  const sdk = await loadSdkAuth()
  const headers = wwwAuthenticate === undefined ? {} : { 'www-authenticate': wwwAuthenticate }
  const { resourceMetadataUrl, scope } = sdk.extractWWWAuthenticateParams(
    new Response(undefined, { status, headers }),
  )
  return {
    isStepUp: status === 403,
    ...(resourceMetadataUrl !== undefined && { metadataUrl: resourceMetadataUrl }),
    ...(scope !== undefined && { scope }),
  }
}

/** What the application wants goes first; more rights are asked for on top of those that were asked for before. */
function scopeFor(
  wanted: string | undefined,
  asked: string | undefined,
  challenge: Challenge,
  server: ProtectedServer,
): string | undefined {
  if (challenge.isStepUp && challenge.scope !== undefined) {
    return [
      ...new Set(`${asked ?? wanted ?? ''} ${challenge.scope}`.split(' ').filter((part) => part !== '')),
    ].join(' ')
  }
  return wanted ?? challenge.scope ?? server.scopes
}

function coversScope(asked: string | undefined, scope: string | undefined): boolean {
  const have = new Set(asked?.split(' '))
  return scope === undefined || scope.split(' ').every((part) => have.has(part))
}
