import process from 'node:process'
import type { Clock } from '../common/clock.ts'
import { FlinktsError } from '../common/errors.ts'
import { LineLogger } from '../common/line-logger.ts'
import type { LogFields, LogLevel } from '../common/logger.ts'

/** How lines are written: `json` for programs, one object a line; `pretty` for people. @public */
export type LogFormat = 'json' | 'pretty'

/** @internal */
export interface ConsoleLoggerOptions {
  readonly clock: Clock
  /** Less important lines are dropped (default `info`). */
  readonly level?: LogLevel
  /** Default: `pretty` on a terminal, else `json`. */
  readonly format?: LogFormat
  /** Takes a line that ends in a newline (default: standard error). */
  readonly write?: (line: string) => void
}

const levels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']

/**
 * Writes lines to standard error. Our own, since a logging library would be a dependency of core
 * for what takes a screenful; whoever has one gives flinkts a `Logger` over it.
 *
 * @internal
 */
export class ConsoleLogger extends LineLogger {
  constructor(options: ConsoleLoggerOptions) {
    const { clock, level: lowest = 'info' } = options
    const format = options.format ?? (process.stderr.isTTY ? 'pretty' : 'json')
    const write = options.write ?? ((line) => void process.stderr.write(line))
    const text = format === 'json' ? jsonLine : prettyLine
    super((level, message, fields) => {
      if (levels.indexOf(level) < levels.indexOf(lowest)) return
      const time = new Date(clock.now()).toISOString()
      write(`${text(time, level, message, fields)}\n`)
    })
  }
}

function jsonLine(time: string, level: LogLevel, message: string, fields: LogFields): string {
  // Last, so that no field of the same name hides them.
  return toJson({ ...fields, time, level, message })
}

function prettyLine(time: string, level: LogLevel, message: string, fields: LogFields): string {
  const clockTime = time.slice('2026-01-01T'.length, -1)
  const shown = Object.entries(fields).map(([name, value]) => `  ${name}=${toText(value)}`)
  return `${clockTime} ${level.toUpperCase().padEnd(5)} ${message}${shown.join('')}`
}

function toText(value: unknown): string {
  if (value instanceof FlinktsError) {
    return `${value.code}: ${value.message}${value.hint === undefined ? '' : ` (${value.hint})`}`
  }
  if (value instanceof Error) return value.stack ?? value.message
  return typeof value === 'string' ? value : toJson(value)
}

/** A log line must never be the reason why a job fails, whatever is in its fields. */
function toJson(value: unknown): string {
  try {
    return JSON.stringify(value, replaceUnserializable) ?? String(value)
  } catch {
    return JSON.stringify(String(value))
  }
}

function replaceUnserializable(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (!(value instanceof Error)) return value
  const { message, stack, cause } = value
  if (!(value instanceof FlinktsError)) return { message, stack, cause }
  return { code: value.code, message, hint: value.hint, stack, cause }
}
