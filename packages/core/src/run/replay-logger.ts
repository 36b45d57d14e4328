import type { Logger } from '../ports/index.ts'
import type { Attempt } from './attempt.ts'

/** A logger that is silent while recorded results are handed back, so that a line is written once. */
export function replayLogger(attempt: Attempt): Logger {
  return wrap(attempt.log, () => attempt.live)
}

function wrap(logger: Logger, isLive: () => boolean): Logger {
  return {
    debug: (message, fields) => void (isLive() && logger.debug(message, fields)),
    info: (message, fields) => void (isLive() && logger.info(message, fields)),
    warn: (message, fields) => void (isLive() && logger.warn(message, fields)),
    error: (message, fields) => void (isLive() && logger.error(message, fields)),
    child: (fields) => wrap(logger.child(fields), isLive),
  }
}
