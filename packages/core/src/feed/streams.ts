/** Names of the streams and of the lease of a session, in one place. */

/**
 * Makes names with a prefix. Work on one run names its streams many times in a row, and a text that was just looked up
 * is found faster than an equal one that is new, so the last name is kept.
 */
function naming(prefix: string): (id: string) => string {
  let lastId = ''
  let lastName = prefix
  return (id) => {
    if (id === lastId) return lastName
    // First, because what is no text may throw here.
    const name = prefix + id
    lastId = id
    return (lastName = name)
  }
}

/** The journal of one run, all its scopes included. */
export const runStream: (runId: string) => string = naming('run/')

/** Commands for a run; anyone may write here. */
export const inboxStream: (runId: string) => string = naming('inbox/')

/** The conversation of a session; only its root runs write here. */
export const sessionStream: (sessionId: string) => string = naming('session/')

/** What an application keeps with a session: a head without entries. */
export const metadataStream = (sessionId: string): string => `metadata/${sessionId}`

/** The lease that guards a session and with it every run in it. */
export const sessionLease: (sessionId: string) => string = sessionStream

/** The run whose commands a stream holds. */
export const runIdOfInbox = (stream: string): string => stream.slice('inbox/'.length)

/** The run that a stream belongs to. */
export const runIdOfStream = (stream: string): string => stream.slice('run/'.length)
