import type { LogFields, Logger } from '../ports/index.ts'

/**
 * A logger that never throws, whatever the one behind it does: a line that cannot be written is dropped, because
 * no run may end otherwise than it did for the sake of a line.
 */
export function quietLogger(logger: Logger): Logger {
  return {
    debug: (message, fields) => quietly(() => logger.debug(message, fields)),
    info: (message, fields) => quietly(() => logger.info(message, fields)),
    warn: (message, fields) => quietly(() => logger.warn(message, fields)),
    error: (message, fields) => quietly(() => logger.error(message, fields)),
    child: (fields) => quietLogger(childOf(logger, fields)),
  }
}

/** A logger that cannot make a child goes on without the fields: a line without its ids is better than none. */
function childOf(logger: Logger, fields: LogFields): Logger {
  try {
    const child: Logger | undefined = logger.child(fields)
    return child ?? logger
  } catch {
    return logger
  }
}

function quietly(write: () => unknown): void {
  try {
    const result = write()
    // A logger written as an async function fails later, where nobody waits for it.
    if (result instanceof Promise) result.catch(() => undefined)
  } catch {
    // Dropped.
  }
}
