import type { OAuthOptions } from './oauth-options.ts'

/** Refuses options that could only fail later. Throws `TypeError` with the name of the field. */
export function checkOAuthOptions(options: OAuthOptions): void {
  const what = 'oauthProvider'
  const { store, account, issuer, client, timeoutMs, grant } = options
  if (typeof store?.withLock !== 'function') {
    throw new TypeError(`${what}: store is missing. Pass credentialFile({ … }) or inMemoryCredentials().`)
  }
  if (account !== undefined && !/^[A-Za-z0-9_.@:-]{1,128}$/.test(account)) {
    throw new TypeError(`${what}: account must be 1 to 128 of A-Z a-z 0-9 _ . @ : -`)
  }
  if (issuer !== undefined && !URL.canParse(issuer)) throw new TypeError(`${what}: issuer is not an address.`)
  if (client !== undefined && (typeof client.id !== 'string' || client.id === '')) {
    throw new TypeError(`${what}: client.id is missing.`)
  }
  if (timeoutMs !== undefined && !(timeoutMs > 0)) throw new TypeError(`${what}: timeoutMs must be above 0.`)
  if (grant === 'client_credentials') {
    if (client === undefined || !('privateKey' in client || client.secret !== undefined)) {
      throw new TypeError(
        `${what}: the grant client_credentials needs a client with a secret or a private key.`,
      )
    }
    return
  }
  if (!URL.canParse(options.redirectUrl)) throw new TypeError(`${what}: redirectUrl is not an address.`)
  if (typeof options.onAuthorize !== 'function')
    throw new TypeError(`${what}: onAuthorize must be a function.`)
  const { clientMetadataUrl } = options
  if (clientMetadataUrl !== undefined && !isDocumentUrl(clientMetadataUrl)) {
    throw new TypeError(`${what}: clientMetadataUrl must be an https address with a path.`)
  }
}

function isDocumentUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, pathname } = new URL(text)
  return protocol === 'https:' && pathname !== '/'
}
