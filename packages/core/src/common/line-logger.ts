import type { LogFields, Logger, LogLevel } from './logger.ts'

/** Takes a line of the log, with all its fields. @internal */
export type LogLine = (level: LogLevel, message: string, fields: LogFields) => void

/** A logger made of one function, where all levels and the fields of children go. @internal */
export class LineLogger implements Logger {
  readonly #write: LogLine
  readonly #fields: LogFields

  constructor(write: LogLine, fields: LogFields = {}) {
    this.#write = write
    this.#fields = fields
  }

  debug(message: string, fields?: LogFields): void {
    this.#log('debug', message, fields)
  }

  info(message: string, fields?: LogFields): void {
    this.#log('info', message, fields)
  }

  warn(message: string, fields?: LogFields): void {
    this.#log('warn', message, fields)
  }

  error(message: string, fields?: LogFields): void {
    this.#log('error', message, fields)
  }

  child(fields: LogFields): Logger {
    return new LineLogger(this.#write, { ...this.#fields, ...fields })
  }

  #log(level: LogLevel, message: string, fields: LogFields | undefined): void {
    this.#write(level, message, { ...this.#fields, ...fields })
  }
}
