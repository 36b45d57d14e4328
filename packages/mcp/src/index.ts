export { mcp } from './client/mcp.ts'
export type { HttpServer, McpOptions, StdioServer } from './client/options.ts'
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
export { serveMcp } from './server/serve.ts'
export type {
  ServableDefinition,
  ServableEvent,
  ServableHarness,
  ServableRun,
  ServableRunnable,
  ServableRunOptions,
  ServableSchema,
  ServableSession,
} from './server/servable.ts'
export type {
  Authenticate,
  ExposedDefinition,
  HttpCaller,
  HttpTransportOptions,
  McpCall,
  McpServing,
  ServeMcpOptions,
  StdioTransportOptions,
} from './server/serve-options.ts'
export { credentialFile } from './auth/credential-file.ts'
export type { CredentialFileInit } from './auth/credential-file.ts'
export type { CredentialKey } from './auth/sealed-text.ts'
