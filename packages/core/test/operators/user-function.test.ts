import { describe, expect, test } from 'vitest'
import { FlinktsError } from '../../src/common/errors.ts'
import { userFunctionFailed } from '../../src/operators/user-function.ts'

describe('the error of a user function', () => {
  test('shows a long record in part', () => {
    const error = userFunctionFailed('parse', 'x'.repeat(1000), new Error('bad'))

    expect(error.message.length).toBeLessThan(400)
    expect(error.message.endsWith('…')).toBe(true)
  })

  test('shows the kind of a record that has no text', () => {
    const cyclic: { self?: unknown } = {}
    cyclic.self = cyclic

    const error = userFunctionFailed('parse', cyclic, new Error('bad'))

    expect(error.message).toContain('for the record [object Object]')
  })

  test('shows a record that JSON leaves out', () => {
    const error = userFunctionFailed('parse', undefined, 'bad')

    expect(error.message).toBe(
      'the function of operator "parse" threw "bad" for the record undefined',
    )
    expect(error.cause).toBe('bad')
  })

  test('leaves errors of flinkts as they are', () => {
    const cause = new FlinktsError('FLINKTS_KEY_INVALID', 'no key')

    expect(userFunctionFailed('parse', 1, cause)).toBe(cause)
  })
})
