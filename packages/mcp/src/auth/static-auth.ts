import type { ServerAuth } from './server-auth.ts'

/** Asked for each request, so that the application can change it. */
export type Secret = string | (() => string | Promise<string>)

/** Visible ASCII and spaces: anything else would break the header, or begin another one. */
const headerValue = /^[\x20-\x7e]+$/
const headerName = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/

/** `Authorization: Bearer …` with a token that the application has. */
export function bearerAuth(token: Secret): ServerAuth {
  return {
    kind: 'bearer',
    headers: async () => ({ authorization: `Bearer ${await secretOf('bearerAuth', token)}` }),
  }
}

/** A key in a header, `x-api-key` unless another one is named. */
export function apiKeyAuth(init: { readonly key: Secret; readonly header?: string }): ServerAuth {
  const header = (init.header ?? 'x-api-key').toLowerCase()
  if (!headerName.test(header)) throw new TypeError('apiKeyAuth: header is not a name of a header.')
  return { kind: 'api-key', headers: async () => ({ [header]: await secretOf('apiKeyAuth', init.key) }) }
}

/** `Authorization: Basic …` with UTF-8 (RFC 7617). */
export function basicAuth(init: { readonly user: string; readonly password: Secret }): ServerAuth {
  const { user, password } = init
  if (typeof user !== 'string' || user.includes(':')) {
    throw new TypeError('basicAuth: user must be a text without a colon.')
  }
  return {
    kind: 'basic',
    headers: async () => {
      const secret = typeof password === 'function' ? await password() : password
      if (typeof secret !== 'string') throw new TypeError('basicAuth: password must be a text.')
      return { authorization: `Basic ${Buffer.from(`${user}:${secret}`, 'utf8').toString('base64')}` }
    },
  }
}

async function secretOf(what: string, secret: Secret): Promise<string> {
  const value = typeof secret === 'function' ? await secret() : secret
  if (typeof value === 'string' && headerValue.test(value)) return value
  throw new TypeError(`${what}: the credential must be a text of visible ASCII characters.`)
}
