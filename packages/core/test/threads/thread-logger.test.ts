import { describe, expect, test } from 'vitest'
import { FlinktsError } from '../../src/common/errors.ts'
import type { LogFields, Logger } from '../../src/common/logger.ts'
import { logEvent, ThreadLogger } from '../../src/threads/thread-logger.ts'
import type { LogEvent } from '../../src/threads/thread-protocol.ts'

/** What comes out at the coordinator when a thread logs `fields`. */
function logged(fields: LogFields): readonly unknown[] {
  const lines: unknown[][] = []
  const write =
    (level: string) =>
    (message: string, more?: LogFields): void =>
      void lines.push([level, message, more])
  const main: Logger = {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: () => main,
  }
  const thread = new ThreadLogger((event: LogEvent) => logEvent(main, structuredClone(event)))
  thread.child({ task: 'count-1' }).warn('something', fields)
  return lines
}

describe('a line of the log of a thread', () => {
  test('keeps its level, and all fields', () => {
    expect(logged({ count: 3, id: 12n, list: [1, { a: 'b' }] })).toEqual([
      ['warn', 'something', { task: 'count-1', count: 3, id: 12n, list: [1, { a: 'b' }] }],
    ])
  })

  test('keeps the code, hint and cause of an error', () => {
    const cause = new FlinktsError('FLINKTS_TASK_FAILED', 'failed', {
      hint: 'Try again.',
      cause: new TypeError('inner'),
    })

    expect(logged({ cause })).toMatchObject([
      [
        'warn',
        'something',
        { cause: { code: 'FLINKTS_TASK_FAILED', hint: 'Try again.', cause: { message: 'inner' } } },
      ],
    ])
  })

  test('is never a reason to fail', () => {
    const cycle: { self?: unknown } = {}
    cycle.self = cycle

    expect(logged({ cycle, call: String, name: Symbol('x') })).toMatchObject([
      ['warn', 'something', { cycle: 'something that has no JSON form', name: 'Symbol(x)' }],
    ])
  })
})
