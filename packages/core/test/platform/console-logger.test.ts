import { describe, expect, test } from 'vitest'
import type { Clock } from '../../src/common/clock.ts'
import { FlinktsError } from '../../src/common/errors.ts'
import { ConsoleLogger, type ConsoleLoggerOptions } from '../../src/platform/console-logger.ts'

const clock: Clock = { now: () => Date.UTC(2026, 0, 2, 3, 4, 5, 678), monotonic: () => 0 }

function capture(options: Partial<ConsoleLoggerOptions> = {}): {
  readonly logger: ConsoleLogger
  readonly lines: string[]
} {
  const lines: string[] = []
  const write = (line: string): void => void lines.push(line)
  return { logger: new ConsoleLogger({ clock, format: 'json', write, ...options }), lines }
}

describe('a console logger', () => {
  test('writes one JSON object a line', () => {
    const { logger, lines } = capture()

    logger.child({ job: 'orders' }).info('restored', { checkpointId: 42, position: 7n })

    expect(lines).toEqual([
      '{"job":"orders","checkpointId":42,"position":"7","time":"2026-01-02T03:04:05.678Z",' +
        '"level":"info","message":"restored"}\n',
    ])
  })

  test('drops what is less important than its level', () => {
    const { logger, lines } = capture({ level: 'warn' })

    logger.debug('a')
    logger.info('b')
    logger.child({}).info('c')
    logger.warn('d')
    logger.error('e')

    const parsed = lines.map((line): unknown => JSON.parse(line))
    expect(parsed).toMatchObject([{ message: 'd' }, { message: 'e' }])
  })

  test('drops debug lines unless told', () => {
    const { logger, lines } = capture()

    logger.debug('a')

    expect(lines).toEqual([])
  })

  test('writes for people', () => {
    const { logger, lines } = capture({ format: 'pretty' })

    logger.warn('checkpoint set aside', { checkpointId: 42, job: 'orders' })

    expect(lines).toEqual([
      '03:04:05.678 WARN  checkpoint set aside  checkpointId=42  job=orders\n',
    ])
  })

  test('shows an error with its code, hint and cause', () => {
    const cause = new Error('EIO')
    const error = new FlinktsError('FLINKTS_STORAGE_FAILED', 'it failed', { hint: 'Look.', cause })
    const json = capture()
    const pretty = capture({ format: 'pretty' })

    json.logger.error('the job failed', { cause: error })
    pretty.logger.error('the job failed', { cause: error })

    expect(JSON.parse(json.lines[0] ?? '')).toMatchObject({
      cause: { code: 'FLINKTS_STORAGE_FAILED', hint: 'Look.', cause: { message: 'EIO' } },
    })
    expect(pretty.lines[0]).toContain('cause=FLINKTS_STORAGE_FAILED: it failed (Look.)')
  })

  test.each(['json', 'pretty'] as const)(
    'writes a line whatever is in the fields: %s',
    (format) => {
      const { logger, lines } = capture({ format })
      const circular: Record<string, unknown> = {}
      circular['self'] = circular

      logger.info('circular', { circular, none: undefined, symbol: Symbol('s') })

      expect(lines).toHaveLength(1)
      expect(lines[0]).toMatch(/\n$/)
    },
  )

  test('keeps the message and level when fields have their names', () => {
    const { logger, lines } = capture()

    logger.info('real', { message: 'other', level: 'error' })

    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ message: 'real', level: 'info' })
  })
})
