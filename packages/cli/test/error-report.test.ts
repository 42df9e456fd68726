import { FlinktsError } from '@flinkts/core'
import { describe, expect, test } from 'vitest'
import { renderReport, reportOf } from '../src/error-report.ts'
import { containing } from './support/matchers.ts'

const quiet = { verbose: false, directory: '/srv/app' }

function withStack<Thrown extends Error>(error: Thrown, ...frames: readonly string[]): Thrown {
  error.stack = [`${error.name}: ${error.message}`, ...frames.map((f) => `    at ${f}`)].join('\n')
  return error
}

function render(thrown: unknown, options = quiet): string {
  return renderReport(reportOf(thrown, options))
}

describe('the report of an error', () => {
  test('shows code, message, hint and causes, a line each', () => {
    const root = withStack(
      new TypeError('x is not a function'),
      'node:internal/process:1:2',
      'total (file:///srv/app/jobs/orders.ts:12:5)',
    )
    const middle = new FlinktsError('FLINKTS_USER_FUNCTION_FAILED', 'it threw', { cause: root })
    const error = new FlinktsError('FLINKTS_RESTARTS_EXHAUSTED', 'the job failed again', {
      hint: 'Mend the function.',
      cause: middle,
    })

    expect(render(error)).toBe(
      [
        'FLINKTS_RESTARTS_EXHAUSTED: the job failed again',
        '  Hint: Mend the function.',
        '  Cause: FLINKTS_USER_FUNCTION_FAILED: it threw',
        '  Cause: TypeError: x is not a function (at jobs/orders.ts:12:5)',
        '',
      ].join('\n'),
    )
  })

  test('shows stacks only if it is verbose', () => {
    const root = withStack(new TypeError('boom'), 'f (/srv/lib/a.js:1:2)')
    const error = withStack(
      new FlinktsError('FLINKTS_TASK_FAILED', 'failed', { cause: root }),
      'g (/srv/app/b.js:3:4)',
    )

    expect(render(error)).not.toContain('b.js')
    expect(render(error, { ...quiet, verbose: true })).toMatch(
      /at g \(\/srv\/app\/b\.js:3:4\)\n {2}Caused by: TypeError: boom\n.*at f/,
    )
  })

  test('keeps a cause to one line, and shows places elsewhere in full', () => {
    const cause = withStack(new Error('first\n  second'), 'file:///opt/driver/index.js:7:1')

    const { causes } = reportOf(new FlinktsError('FLINKTS_TASK_FAILED', 'failed', { cause }), quiet)

    expect(causes).toEqual(['Error: first second (at /opt/driver/index.js:7:1)'])
  })

  test('looks into an error that stands for several', () => {
    const refused = new AggregateError([new Error('::1 refused'), new Error('127.0.0.1 refused')])
    const cause = Object.assign(refused, { code: 'ECONNREFUSED', stack: '' })

    const { causes } = reportOf(new FlinktsError('FLINKTS_TASK_FAILED', 'failed', { cause }), quiet)

    expect(causes.map((line) => line.replace(/ \(at .*/, ''))).toEqual([
      'AggregateError: ECONNREFUSED',
      'Error: ::1 refused',
      'Error: 127.0.0.1 refused',
    ])
  })

  test('ends with causes that go in circles', () => {
    const error = new FlinktsError('FLINKTS_TASK_FAILED', 'failed')
    error.cause = new Error('again', { cause: error })

    expect(reportOf(error, quiet).causes).toHaveLength(2)
  })

  test('asks to report what is not of flinkts, with its stack', () => {
    const report = reportOf(withStack(new TypeError('boom'), 'f (/srv/app/b.js:3:4)'), quiet)

    expect(report).toMatchObject({
      code: 'FLINKTS_ASSERTION_FAILED',
      message: 'unexpected TypeError: boom',
      hint: containing('report it'),
      stack: containing('b.js:3:4'),
    })
  })

  test.each(['a string', undefined, 42])('takes %s for an error, too', (thrown) => {
    expect(render(thrown)).toContain(String(thrown))
  })

  test('knows an error of another copy of flinkts', () => {
    const foreign = Object.assign(new Error('no key'), {
      name: 'FlinktsError',
      code: 'FLINKTS_KEY_INVALID',
      hint: 'Return a key.',
    })

    expect(render(foreign)).toBe('FLINKTS_KEY_INVALID: no key\n  Hint: Return a key.\n')
  })

  test('shows where the parser stopped', () => {
    const cause = new SyntaxError('Expression expected')
    cause.stack = '/srv/app/job.ts:2\nconst a = ;\n          ^\n\nSyntaxError: Expression expected'

    const text = render(new FlinktsError('FLINKTS_JOB_FILE_INVALID', 'wrong', { cause }))

    expect(text).toContain('\n    const a = ;\n              ^\n')
    expect(text).toContain('(at job.ts:2)')
  })
})
