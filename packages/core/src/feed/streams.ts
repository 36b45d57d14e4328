/** Names of the streams and of the lease of a session, in one place. */

/** The journal of one run, all its scopes included. */
export const runStream = (runId: string): string => `run/${runId}`

/** Commands for a run; anyone may write here. */
export const inboxStream = (runId: string): string => `inbox/${runId}`

/** The conversation of a session; only its root runs write here. */
export const sessionStream = (sessionId: string): string => `session/${sessionId}`

/** What an application keeps with a session: a head without entries. */
export const metadataStream = (sessionId: string): string => `metadata/${sessionId}`

/** The lease that guards a session and with it every run in it. */
export const sessionLease = (sessionId: string): string => `session/${sessionId}`

/** The run whose commands a stream holds. */
export const runIdOfInbox = (stream: string): string => stream.slice('inbox/'.length)

/** The run that a stream belongs to. */
export const runIdOfStream = (stream: string): string => stream.slice('run/'.length)
