import type { LogFields, Logger } from '@belay/core/ports'

/** One line as it was logged. */
export interface LoggedLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  readonly fields: LogFields
}

/** A logger that keeps what it is given. */
export interface RecordingLogger extends Logger {
  /** Lines of this logger and of its children, in order. */
  readonly lines: readonly LoggedLine[]
}

/** A logger never throws, whatever a getter of the fields does. */
function merged(inherited: LogFields, fields: LogFields | undefined): LogFields {
  try {
    return { ...inherited, ...fields }
  } catch {
    return inherited
  }
}

/** A logger that keeps every line with the fields of its ancestors. */
export function recordingLogger(): RecordingLogger {
  const lines: LoggedLine[] = []
  const loggerWith = (inherited: LogFields): Logger => {
    const log = (level: LoggedLine['level']) => (message: string, fields?: LogFields) => {
      lines.push({ level, message, fields: merged(inherited, fields) })
    }
    return {
      debug: log('debug'),
      info: log('info'),
      warn: log('warn'),
      error: log('error'),
      child: (fields) => loggerWith(merged(inherited, fields)),
    }
  }
  return { ...loggerWith({}), lines }
}
