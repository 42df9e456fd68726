import { inspect } from 'node:util'
import type { LogFields, Logger } from '@flinkts/core/connector'

/** Keeps every line as text, to look into. @internal */
export class RecordingLogger implements Logger {
  readonly lines: string[] = []

  debug(message: string, fields?: LogFields): void {
    this.#add(message, fields)
  }

  info(message: string, fields?: LogFields): void {
    this.#add(message, fields)
  }

  warn(message: string, fields?: LogFields): void {
    this.#add(message, fields)
  }

  error(message: string, fields?: LogFields): void {
    this.#add(message, fields)
  }

  child(): Logger {
    return this
  }

  #add(message: string, fields: LogFields = {}): void {
    const values = Object.entries(fields).map(([name, value]) => `${name}=${textOf(value)}`)
    this.lines.push([message, ...values].join(' '))
  }
}

/** All that a value shows: of an error, its fields and causes too. @internal */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : inspect(value, { depth: 8 })
}
