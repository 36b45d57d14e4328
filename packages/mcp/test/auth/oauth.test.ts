import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import { isCodedError, type JsonObject } from '@belay/core/ports'
import { afterEach, describe, expect, test } from 'vitest'
import { authorizedFetch } from '../../src/auth/authorized-fetch.ts'
import type { FetchLike } from '../../src/auth/server-auth.ts'
import {
  credentialFile,
  inMemoryCredentials,
  oauthProvider,
  type AuthorizationCodeOptions,
} from '../../src/index.ts'
import { listen, startAuthPlace, type AuthPlace } from './authorization-server.ts'

const open: { close(): Promise<unknown> }[] = []
const keep = <T extends { close(): Promise<unknown> }>(value: T): T => {
  open.push(value)
  return value
}
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
})

const redirectUrl = 'http://127.0.0.1:1/callback'
const post = (call: FetchLike, url: URL, signal?: AbortSignal): Promise<number> =>
  call(url, { method: 'POST', body: '{}', ...(signal && { signal }) }).then(({ status }) => status)

/** A place, and a client of it that always says yes. */
async function place(options: Partial<AuthorizationCodeOptions> = {}): Promise<{
  readonly at: AuthPlace
  readonly store: ReturnType<typeof inMemoryCredentials>
  readonly call: FetchLike
  readonly asked: () => number
  readonly ask: (signal?: AbortSignal) => Promise<number>
  readonly auth: ReturnType<typeof oauthProvider>
}> {
  const at = keep(await startAuthPlace())
  const store = options.store ?? inMemoryCredentials()
  const auth = oauthProvider({ store, redirectUrl, onAuthorize: async (url) => at.consent(url), ...options })
  const call = authorizedFetch({ serverUrl: at.resourceUrl, auth })
  return {
    at,
    store,
    call,
    auth,
    asked: () => at.heard.authorizations.length,
    ask: (signal) => post(call, at.resourceUrl, signal),
  }
}

/** The refusal of a call, checked to hold no credential in any form that could be logged. */
async function refusal(
  promise: Promise<unknown>,
): Promise<{ readonly code: string; readonly reason: unknown }> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!isCodedError(error)) throw new Error('It was not refused with a coded error.', { cause: error })
  expect(`${inspect(error, { depth: 9, showHidden: true })} ${JSON.stringify(error)}`).not.toContain('canary')
  return { code: error.code, reason: error.meta['reason'] }
}

describe('authorization code', () => {
  test('discovers, registers, asks with PKCE, state and resource, and shows the token [MCP-50]', async () => {
    const { at, ask, asked } = await place({ scope: 'files:read' })
    expect(await ask()).toBe(200)
    expect(await ask()).toBe(200)
    expect(asked()).toBe(1)
    const { searchParams } = at.heard.authorizations.at(0) ?? new URL(redirectUrl)
    expect(searchParams.get('code_challenge_method')).toBe('S256')
    expect(searchParams.get('state')?.length).toBeGreaterThan(40)
    expect(searchParams.get('scope')).toBe('files:read')
    expect(searchParams.get('resource')).toBe(at.resourceUrl.href)
    expect(at.heard.tokens[0]?.get('resource')).toBe(at.resourceUrl.href)
    expect(at.heard.registrations).toMatchObject([
      { client_name: 'Belay', redirect_uris: [redirectUrl], token_endpoint_auth_method: 'none' },
    ])
    expect(at.heard.resourceCalls.map(({ status }) => status)).toEqual([401, 200, 200])
  })

  test('an answer with another state, another issuer or a refusal gives no token [MCP-51]', async () => {
    const at = keep(await startAuthPlace())
    const asked = async (change: (back: URL) => void): Promise<unknown> => {
      const auth = oauthProvider({
        store: inMemoryCredentials(),
        redirectUrl,
        onAuthorize: async (url) => {
          const back = at.consent(url)
          change(back)
          return back
        },
      })
      const call = authorizedFetch({ serverUrl: at.resourceUrl, auth })
      return (await refusal(post(call, at.resourceUrl))).reason
    }
    expect(await asked((back) => back.searchParams.set('state', 'other'))).toBe('state')
    expect(await asked((back) => back.searchParams.delete('state'))).toBe('state')
    expect(await asked((back) => back.searchParams.delete('code'))).toBe('state')
    expect(await asked((back) => back.searchParams.set('iss', 'https://evil.example'))).toBe(
      'issuer_mismatch',
    )
    expect(await asked((back) => back.searchParams.set('error', 'access_denied'))).toBe('denied')
    at.knobs.metadata['authorization_response_iss_parameter_supported'] = true
    expect(await asked(() => undefined)).toBe('issuer_mismatch')
    expect(at.heard.tokens).toEqual([])
  })

  test('a person who does not answer, or a caller that leaves, ends the wait [MCP-51]', async () => {
    const asked = Promise.withResolvers<AbortSignal>()
    const never = (_url: URL, { signal }: { readonly signal: AbortSignal }): Promise<URL> => {
      asked.resolve(signal)
      return new Promise(() => undefined)
    }
    const slow = await place({ onAuthorize: never, authorizeTimeoutMs: 20 })
    expect(await refusal(slow.ask())).toEqual({ code: 'tool-source/auth', reason: 'denied' })
    const gone = Promise.withResolvers<AbortSignal>()
    const left = await place({
      onAuthorize: (_url, { signal }) => (gone.resolve(signal), new Promise(() => undefined)),
    })
    const abort = new AbortController()
    const call = left.ask(abort.signal)
    call.catch(() => undefined)
    const signal = await gone.promise
    abort.abort(new Error('left'))
    await expect(call).rejects.toThrow('left')
    expect(signal.aborted).toBe(true)
  })

  test('more rights are asked for once, on top of those that there are [MCP-52]', async () => {
    const { at, ask, asked } = await place({ scope: 'a' })
    expect(await ask()).toBe(200)
    at.knobs.stepUp = 'b'
    expect(await ask()).toBe(403)
    expect(asked()).toBe(2)
    expect(at.heard.authorizations[1]?.searchParams.get('scope')).toBe('a b')
    expect(await ask()).toBe(403)
    expect(asked()).toBe(2)
  })
})

describe('client credentials', () => {
  test('nobody is asked, and the secret goes to the pinned issuer alone [MCP-53]', async () => {
    const at = keep(await startAuthPlace())
    const auth = oauthProvider({
      store: inMemoryCredentials(),
      grant: 'client_credentials',
      issuer: at.issuer,
      client: { id: 'robot', secret: 'canary-secret' },
      scope: 'work',
    })
    const call = authorizedFetch({ serverUrl: at.resourceUrl, auth })
    expect(await post(call, at.resourceUrl)).toBe(200)
    expect(at.heard.tokens[0]?.get('grant_type')).toBe('client_credentials')
    expect(at.heard.tokens[0]?.get('scope')).toBe('work')
    expect(at.heard.tokenHeaders[0]?.authorization).toBe(
      `Basic ${Buffer.from('robot:canary-secret').toString('base64')}`,
    )
    const evil = keep(await startAuthPlace())
    at.knobs.issuer = evil.issuer
    at.revokeAccess()
    expect(await refusal(post(call, at.resourceUrl))).toEqual({
      code: 'tool-source/auth',
      reason: 'issuer_changed',
    })
    expect(evil.heard.tokens).toEqual([])
    expect(inspect(auth, { depth: 9, showHidden: true })).not.toContain('canary')
  })
})

describe('what the server says is not believed', () => {
  test('another authorization server than the first one is refused, and gets nothing [MCP-54]', async () => {
    const { at, ask, asked, auth } = await place()
    const evil = keep(await startAuthPlace())
    expect(await ask()).toBe(200)
    at.revokeAccess()
    at.knobs.issuer = evil.issuer
    expect(await refusal(ask())).toEqual({ code: 'tool-source/auth', reason: 'issuer_changed' })
    expect([evil.heard.tokens, evil.heard.registrations]).toEqual([[], []])
    expect(asked()).toBe(1)
    await auth.forget(at.resourceUrl)
    at.knobs.issuer = at.issuer
    expect(await ask()).toBe(200)
    expect(asked()).toBe(2)
  })

  test('the issuer of the options is the only one, from the first request on [MCP-54]', async () => {
    const { at, ask } = await place({ issuer: 'https://as.example' })
    expect((await refusal(ask())).reason).toBe('issuer_changed')
    expect(at.heard.tokens).toEqual([])
  })

  test('metadata of another origin, of another issuer or of another resource is refused [MCP-55]', async () => {
    const elsewhere = keep(await listen((_request, response) => response.writeHead(200).end('{}')))
    const reasonWith = async (knobs: Partial<AuthPlace['knobs']>): Promise<unknown> => {
      const { at, ask } = await place()
      Object.assign(at.knobs, knobs)
      const { reason } = await refusal(ask())
      expect([at.heard.tokens, at.heard.registrations, at.heard.authorizations]).toEqual([[], [], []])
      return reason
    }
    expect(await reasonWith({ resourceMetadata: `${elsewhere.origin}/metadata` })).toBe('metadata_origin')
    expect(await reasonWith({ metadataIssuer: 'https://evil.example' })).toBe('issuer_mismatch')
    expect(await reasonWith({ resource: 'https://other.example/mcp' })).toBe('resource_mismatch')
    expect(await reasonWith({ issuer: 'http://as.example' })).toBe('metadata_origin')
    expect(await reasonWith({ metadata: { token_endpoint: 'http://as.example/token' } })).toBe(
      'metadata_origin',
    )
    expect(await reasonWith({ metadata: { code_challenge_methods_supported: ['plain'] } })).toBe('metadata')
    expect(await reasonWith({ metadata: { code_challenge_methods_supported: undefined } })).toBe('metadata')
    expect(await reasonWith({ metadata: { registration_endpoint: undefined } })).toBe('registration')
  })

  test('a server elsewhere cannot make this host call itself, unless the application named it [MCP-55]', async () => {
    const at = keep(await startAuthPlace())
    const visits: string[] = []
    // The server is somewhere else, and names an authorization server of this host.
    const elsewhere: FetchLike = async (url, init) => {
      const target = new URL(url)
      if (target.hostname !== 'mcp.example') {
        visits.push(target.href)
        return fetch(target, init)
      }
      if (target.pathname.includes('oauth-protected-resource'))
        return Response.json({ resource: 'https://mcp.example/', authorization_servers: [at.issuer] })
      const header = { 'www-authenticate': 'Bearer' }
      const isKnown = new Headers(init?.headers).has('authorization')
      return new Response(undefined, isKnown ? { status: 200 } : { status: 401, headers: header })
    }
    const serverUrl = new URL('https://mcp.example/')
    const callWith = (more: Partial<AuthorizationCodeOptions>): Promise<number> => {
      const auth = oauthProvider({
        store: inMemoryCredentials(),
        redirectUrl,
        onAuthorize: async (url) => at.consent(url),
        ...more,
      })
      return post(authorizedFetch({ serverUrl, auth, fetch: elsewhere }), serverUrl)
    }
    expect((await refusal(callWith({}))).reason).toBe('metadata_origin')
    expect(visits).toEqual([])
    expect(await callWith({ issuer: at.issuer })).toBe(200)
    expect(visits.length).toBeGreaterThan(0)
  })

  test('a redirect takes neither a header nor a body to another origin [MCP-56]', async () => {
    const stolen: unknown[] = []
    const thief = keep(
      await listen((request, response) => (stolen.push(request.headers), response.writeHead(200).end('{}'))),
    )
    const { at, ask, call } = await place()
    expect(await ask()).toBe(200)
    await expect(call(`${thief.origin}/mcp`, { method: 'POST', body: '{}' })).rejects.toMatchObject({
      meta: { reason: 'origin' },
    })
    at.revokeAccess()
    at.knobs.tokenRedirect = `${thief.origin}/token`
    expect((await refusal(ask())).code).toBe('tool-source/auth')
    const server = keep(
      await listen((_request, response) =>
        response.writeHead(307, { location: `${thief.origin}/mcp` }).end(),
      ),
    )
    const auth = { kind: 'bearer' as const, headers: async () => ({ authorization: 'Bearer canary' }) }
    const redirected = await authorizedFetch({ serverUrl: new URL(server.origin), auth })(server.origin, {
      method: 'POST',
      body: '{}',
    })
    expect(redirected.status).toBe(307)
    expect(stolen).toEqual([])
  })
})

describe('renewal', () => {
  test('a token that ended is renewed before it is shown, one that is refused afterwards [MCP-57]', async () => {
    const { at, ask: first, asked, store } = await place()
    expect(await first()).toBe(200)
    const key = `oauth/default/${at.resourceUrl.href}`
    const record = (await store.get(key)) as { token: JsonObject }
    await store.set(key, { ...record, token: { ...record.token, renewAt: Date.now() - 1 } })
    const later = oauthProvider({ store, redirectUrl, onAuthorize: async (url) => at.consent(url) })
    const ask = (): Promise<number> =>
      post(authorizedFetch({ serverUrl: at.resourceUrl, auth: later }), at.resourceUrl)
    expect(await ask()).toBe(200)
    expect(at.heard.resourceCalls.map(({ status }) => status)).toEqual([401, 200, 200])
    at.revokeAccess()
    expect(await ask()).toBe(200)
    expect(at.heard.resourceCalls.map(({ status }) => status)).toEqual([401, 200, 200, 401, 200])
    expect(at.heard.tokens.map((params) => params.get('grant_type'))).toEqual([
      'authorization_code',
      'refresh_token',
      'refresh_token',
    ])
    expect(at.heard.tokens[2]?.get('resource')).toBe(at.resourceUrl.href)
    expect([asked(), at.heard.reused]).toEqual([1, []])
  })

  test('calls of one process that are refused at once renew once [MCP-58]', async () => {
    const { at, ask } = await place()
    expect(await ask()).toBe(200)
    at.revokeAccess()
    expect(await Promise.all(Array.from({ length: 12 }, () => ask()))).toEqual(Array(12).fill(200))
    expect(at.heard.tokens).toHaveLength(2)
  })

  test('processes that share a credential file renew once [MCP-58]', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'belay-mcp-'))
    keep({ close: () => rm(folder, { recursive: true, force: true }) })
    const [file, key] = [join(folder, 'credentials'), Buffer.alloc(32, 7)]
    const { at, ask } = await place({ store: credentialFile({ file, key }) })
    expect(await ask()).toBe(200)
    const program = fileURLToPath(new URL('refresh-process.ts', import.meta.url))
    const processes = await Promise.all(
      Array.from({ length: 3 }, async () => {
        const child = spawn(process.execPath, [program, file, at.resourceUrl.href, key.toString('hex')], {
          stdio: ['pipe', 'pipe', 'inherit'],
        })
        const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
        expect((await lines.next()).value).toBe('ready')
        return { child, lines, exited: once(child, 'exit') }
      }),
    )
    for (let round = 0; round < 1; round++) {
      at.revokeAccess()
      for (const { child } of processes) child.stdin.write('go\n')
      const answers = await Promise.all(
        processes.map(async ({ lines }) => String((await lines.next()).value)),
      )
      expect(answers).toEqual(['200', '200', '200'])
    }
    await Promise.all(processes.map(({ exited }) => exited))
    expect(at.heard.tokens.map((params) => params.get('grant_type'))).toEqual([
      'authorization_code',
      'refresh_token',
    ])
    expect(at.heard.reused).toEqual([])
  })

  test('a renewal that was begun is kept although nobody waits for it any more [MCP-58]', async () => {
    const { at, ask } = await place()
    expect(await ask()).toBe(200)
    at.revokeAccess()
    const hold = Promise.withResolvers<void>()
    at.knobs.hold = hold.promise
    const abort = new AbortController()
    const call = ask(abort.signal)
    call.catch(() => undefined)
    await expect.poll(() => at.heard.tokens.length).toBe(2)
    abort.abort(new Error('left'))
    await expect(call).rejects.toThrow('left')
    hold.resolve()
    expect(await ask()).toBe(200)
    expect([at.heard.tokens.length, at.heard.reused.length]).toEqual([2, 0])
  })

  test('a refresh token that is not known any more leads to a new authorization [MCP-59]', async () => {
    const { at, ask, asked, store } = await place()
    expect(await ask()).toBe(200)
    const key = `oauth/default/${at.resourceUrl.href}`
    const record = (await store.get(key)) as { token: JsonObject }
    await store.set(key, { ...record, token: { ...record.token, refresh: 'canary-unknown' } })
    at.revokeAccess()
    expect(await ask()).toBe(200)
    expect([asked(), at.heard.registrations.length]).toEqual([2, 1])
  })

  test('an authorization server that fails asks nobody again and shows nothing of its answer [MCP-59]', async () => {
    const { at, ask, asked } = await place()
    expect(await ask()).toBe(200)
    at.revokeAccess()
    at.knobs.tokenStatus = 500
    const error: unknown = await ask().catch((reason: unknown) => reason)
    expect(error).toMatchObject({
      code: 'tool-source/auth',
      retryable: true,
      meta: { reason: 'authorization_server', status: 500 },
    })
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('canary')
    at.knobs.tokenStatus = undefined as never
    delete at.knobs.tokenStatus
    expect([await ask(), asked()]).toEqual([200, 1])
  })
})
