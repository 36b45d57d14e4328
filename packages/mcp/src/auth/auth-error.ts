import { PortError, type ErrorMeta } from '@belay/core/ports'

/** `meta.reason` of `tool-source/auth`. */
export type AuthReason =
  /** The server or the authorization server refused. */
  | 'refused'
  /** The person or the authorization server said no. */
  | 'denied'
  /** The authorization server is not the one that was pinned. */
  | 'issuer_changed'
  /** The metadata names another issuer than the one it was fetched from. */
  | 'issuer_mismatch'
  /** Metadata, or an endpoint in it, is somewhere that is not trusted. */
  | 'metadata_origin'
  /** Metadata lacks what is needed, such as PKCE. */
  | 'metadata'
  /** The protected resource is another one than the server that was asked. */
  | 'resource_mismatch'
  /** The answer of the authorization belongs to another request. */
  | 'state'
  /** There is no client registration, and none can be made. */
  | 'registration'
  /** The authorization server could not be reached, or failed. Retryable. */
  | 'authorization_server'
  /** A request was about to leave the server's origin with credentials. */
  | 'origin'
  /** The credential store: others may read it, the key is wrong, it was changed, it cannot be read, it is in use. */
  | 'credentials_mode'
  | 'credentials_key'
  | 'credentials_corrupt'
  | 'credentials_io'
  | 'credentials_locked'

/** What says more than the reason. */
export interface AuthErrorInit {
  readonly retryable?: boolean
  readonly meta?: ErrorMeta
  readonly cause?: unknown
}

/** An error of this folder. Causes from the SDK may quote what a server sent and are never passed on. */
export function authError(reason: AuthReason, message: string, init: AuthErrorInit = {}): PortError {
  return new PortError({
    code: 'tool-source/auth',
    message,
    retryable: init.retryable ?? false,
    meta: { reason, ...init.meta },
    ...(init.cause !== undefined && { cause: init.cause }),
  })
}
