import type { CredentialStore } from './credential-store.ts'

/** A client that was registered with the authorization server beforehand. Without a secret it is a public one. */
export type OAuthClient =
  | { readonly id: string; readonly secret?: string }
  /** Signs assertions (`private_key_jwt`) with a PKCS #8 key in PEM. */
  | { readonly id: string; readonly privateKey: string; readonly algorithm: string }

interface OAuthBase {
  /** Where tokens and registrations are kept. */
  readonly store: CredentialStore
  /** Tells several accounts at one server apart in the store. Default: `default`. */
  readonly account?: string
  /**
   * The authorization server. Without it, the one that the server names at the first authorization is pinned; give it
   * whenever the client has a secret, because that secret is sent there.
   */
  readonly issuer?: string
  /** Default: the scopes that the server asks for, else those that it lists. */
  readonly scope?: string
  /** Milliseconds for one request to the authorization server. Default 30,000. */
  readonly timeoutMs?: number
}

/** Authorization code with PKCE: a person says yes in a browser. */
export interface AuthorizationCodeOptions extends OAuthBase {
  readonly grant?: 'authorization_code'
  /** Where the authorization server sends the browser back to. */
  readonly redirectUrl: string
  /**
   * Shows the address to the person and gives the whole address that the browser was sent back to, with its query.
   * State and issuer in it are checked before the code is used.
   */
  readonly onAuthorize: (url: URL, context: { readonly signal: AbortSignal }) => Promise<string | URL>
  /** Milliseconds for `onAuthorize`. Default 300,000. */
  readonly authorizeTimeoutMs?: number
  /** Default: one is registered with the authorization server and kept in the store. */
  readonly client?: OAuthClient
  /** The name of the client that people see when they are asked. Default `Belay`. */
  readonly clientName?: string
  /** The https address of a client metadata document, for authorization servers that take one instead of a registration. */
  readonly clientMetadataUrl?: string
}

/** Client credentials: the application speaks for itself, and nobody is asked. */
export interface ClientCredentialsOptions extends OAuthBase {
  readonly grant: 'client_credentials'
  readonly client: OAuthClient
}

export type OAuthOptions = AuthorizationCodeOptions | ClientCredentialsOptions
