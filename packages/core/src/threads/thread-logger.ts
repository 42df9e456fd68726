import { fromCausePayload, toCausePayload } from '../common/errors.ts'
import { LineLogger } from '../common/line-logger.ts'
import type { Logger } from '../common/logger.ts'
import type { LogEvent, LogValue } from './thread-protocol.ts'

/** The logger of a thread: sends lines to the coordinator's. @internal */
export class ThreadLogger extends LineLogger {
  constructor(post: (event: LogEvent) => void) {
    super((level, message, fields) => {
      const values = Object.entries(fields).map(
        ([name, value]) => [name, toLogValue(value)] as const,
      )
      post({ type: 'log', level, message, fields: Object.fromEntries(values) })
    })
  }
}

/** Writes a line that came from a thread. @internal */
export function logEvent(logger: Logger, { level, message, fields }: LogEvent): void {
  const values = Object.entries(fields).map(([name, value]) => [name, fromLogValue(value)] as const)
  logger[level](message, Object.fromEntries(values))
}

function toLogValue(value: unknown): LogValue {
  return value instanceof Error
    ? { type: 'error', error: toCausePayload(value) }
    : { type: 'plain', value: plain(value) }
}

function fromLogValue(value: LogValue): unknown {
  return value.type === 'error' ? fromCausePayload(value.error) : value.value
}

/** What may cross a thread, whatever is in a field: a log line is no reason to fail. */
function plain(value: unknown): unknown {
  if (typeof value === 'function' || typeof value === 'symbol') return String(value)
  if (typeof value !== 'object' || value === null) return value
  try {
    return JSON.parse(JSON.stringify(value)) as unknown
  } catch {
    return 'something that has no JSON form'
  }
}
