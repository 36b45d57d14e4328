import { isCodedError } from '@belay/core/ports'
import { authError } from './auth-error.ts'
import type { FetchLike } from './server-auth.ts'

/** Metadata and token answers are small; more is no answer of an authorization server. */
const maxAnswerBytes = 1_048_576

/** Statuses whose `Response` may have no body. */
const withoutBody = new Set([101, 204, 205, 304])

/** A `fetch` for requests around authorization, and what it saw last. */
export interface GuardedFetch {
  readonly fetch: FetchLike
  /** Throws for an address to which no code and no token may travel. */
  assertTrusted(url: URL): void
  /** Of the newest answer. The SDK keeps it only in the text of its errors. */
  lastStatus(): number | undefined
}

/** What a guarded fetch is made from. */
export interface GuardedFetchInit {
  readonly fetch: FetchLike
  /**
   * Addresses that the application itself named. With one of this host among them, others of this host are as good;
   * without, a server elsewhere could let this process knock at the doors of its own host.
   */
  readonly named: readonly URL[]
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

/**
 * Requests around authorization go only to https, or to this host where the application named it, follow no redirect by themselves, and are
 * bounded in time and size. Failures of the network become coded errors, because the SDK takes a `TypeError` for a
 * missing document and goes on elsewhere.
 */
export function guardedFetch({ fetch: base, named, timeoutMs, signal }: GuardedFetchInit): GuardedFetch {
  let status: number | undefined
  const isHere = named.some(({ hostname }) => isLoopback(hostname))
  const assertTrusted = (url: URL): void => requireTrusted(url, isHere)
  return {
    lastStatus: () => status,
    assertTrusted,
    fetch: async (url, init) => {
      status = undefined
      const target = new URL(url)
      assertTrusted(target)
      const timeout = AbortSignal.timeout(timeoutMs)
      try {
        const response = await base(target, {
          ...init,
          redirect: 'manual',
          signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
        })
        const { status: got, headers } = response
        status = got
        const body = await boundedBody(response)
        return new Response(withoutBody.has(got) ? undefined : body, { status: got, headers })
      } catch (error) {
        if (signal?.aborted === true) throw signal.reason
        if (isCodedError(error)) throw error
        throw authError(
          'authorization_server',
          `${target.origin} did not answer${timeout.aborted ? ` within ${timeoutMs} ms` : ''}.`,
          {
            retryable: true,
          },
        )
      }
    },
  }
}

/** Tokens and codes travel encrypted, or not at all. */
function requireTrusted(url: URL, isHere: boolean): void {
  const refuse = (why: string): never => {
    throw authError('metadata_origin', `An authorization request would go to ${why}.`)
  }
  if (url.username !== '' || url.password !== '') refuse(`an address of ${url.host} with credentials in it`)
  if (isLoopback(url.hostname)) {
    if (!isHere) refuse(`${url.origin}, this very host, which a server elsewhere has named`)
    if (url.protocol === 'http:') return
  }
  if (url.protocol !== 'https:') refuse(`${url.origin}, which is not https`)
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host)
}

async function boundedBody(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    const part = chunk as Uint8Array
    bytes += part.length
    if (bytes > maxAnswerBytes) {
      throw authError('metadata', `An authorization server sent more than ${maxAnswerBytes} bytes.`)
    }
    chunks.push(part)
  }
  return new Uint8Array(Buffer.concat(chunks))
}
