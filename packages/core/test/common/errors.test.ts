import { describe, expect, test } from 'vitest'
import { FlinktsError, fromErrorPayload, toErrorPayload } from '../../src/common/errors.ts'

function crossThread(thrown: unknown): FlinktsError {
  return fromErrorPayload(structuredClone(toErrorPayload(thrown)))
}

describe('an error that crosses a thread', () => {
  test('keeps code, message, hint and stack', () => {
    const error = new FlinktsError('FLINKTS_KEY_INVALID', 'no key', { hint: 'Return a key.' })

    const arrived = crossThread(error)

    expect(arrived).toBeInstanceOf(FlinktsError)
    expect(arrived).toMatchObject({
      code: 'FLINKTS_KEY_INVALID',
      message: 'no key',
      hint: 'Return a key.',
      stack: error.stack,
    })
  })

  test('keeps its causes, be they of flinkts or not', () => {
    const root = new TypeError('x is not a function', { cause: 'a string' })
    const middle = new FlinktsError('FLINKTS_STORAGE_FAILED', 'no disk', { cause: root })
    const error = new FlinktsError('FLINKTS_TASK_FAILED', 'failed', { cause: middle })

    const arrived = crossThread(error)

    expect(arrived.cause).toMatchObject({ code: 'FLINKTS_STORAGE_FAILED', message: 'no disk' })
    const { cause } = arrived.cause as FlinktsError
    expect(cause).not.toBeInstanceOf(FlinktsError)
    expect(cause).toMatchObject({
      name: 'TypeError',
      message: 'x is not a function',
      stack: root.stack,
      cause: { message: 'a string' },
    })
  })

  test('gets a code if it has none', () => {
    const arrived = crossThread(new RangeError('out of range'))

    expect(arrived).toMatchObject({
      code: 'FLINKTS_TASK_FAILED',
      message: 'a task failed: out of range',
      cause: { name: 'RangeError', message: 'out of range' },
    })
  })

  test('ends somewhere, even if it is its own cause', () => {
    const error = new Error('again')
    error.cause = error

    const arrived = crossThread(error)

    expect(arrived.message).toBe('a task failed: again')
  })
})
