/** From the least important to the most. @public */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** Facts that go with a log line; values must be plain and free of secrets. @public */
export type LogFields = Readonly<Record<string, unknown>>

/**
 * Structured logging. ERROR: data lost or corrupt, an invariant broken. WARN: unexpected, yet
 * recovered. INFO: lifecycle. DEBUG: one line an event.
 *
 * @public
 */
export interface Logger {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  /** A logger that adds `fields` to every line. */
  child(fields: LogFields): Logger
}

/** Drops every line. @public */
export const silentLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLogger,
}
