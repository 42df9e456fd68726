import type { Logger, LogLevel } from '../common/logger.ts'
import { ConsoleLogger, type LogFormat } from '../platform/console-logger.ts'
import { NodeClock } from '../platform/node-clock.ts'

/**
 * A logger that writes to standard error: lines of `level` (default `info`) and more important
 * ones, as `format` (default: `pretty` on a terminal, else `json`). `write` takes a line that ends
 * in a newline.
 *
 * @public
 */
export function consoleLogger(
  options: {
    readonly level?: LogLevel
    readonly format?: LogFormat
    readonly write?: (line: string) => void
  } = {},
): Logger {
  return new ConsoleLogger({ clock: new NodeClock(), ...options })
}
