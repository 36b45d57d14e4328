export { packageVersion } from './version.ts'
export type { CredentialStore } from './auth/credential-store.ts'
export { inMemoryCredentials } from './auth/in-memory-credentials.ts'
export { oauthProvider } from './auth/oauth-provider.ts'
export type { OAuthProvider } from './auth/oauth-provider.ts'
export type {
  AuthorizationCodeOptions,
  ClientCredentialsOptions,
  OAuthClient,
  OAuthOptions,
} from './auth/oauth-options.ts'
export type { AuthRefusal, AuthRequest, FetchLike, ServerAuth } from './auth/server-auth.ts'
export { apiKeyAuth, basicAuth, bearerAuth } from './auth/static-auth.ts'
export type { Secret } from './auth/static-auth.ts'
