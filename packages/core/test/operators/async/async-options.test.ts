import { expect, test } from 'vitest'
import {
  type AsyncOptions,
  resolveAsyncOptions,
} from '../../../src/operators/async/async-options.ts'

test('every option but the time has a default', () => {
  expect(resolveAsyncOptions('enrich', { timeoutMs: 1 })).toMatchObject({
    timeoutMs: 1,
    ordered: true,
    capacity: 100,
    onTimeout: 'fail',
    retry: { attemptsMax: 1 },
  })
})

test.each<readonly [string, Partial<AsyncOptions<string, string>>]>([
  ['timeoutMs of async operator "enrich" is 0', { timeoutMs: 0 }],
  ['timeoutMs of async operator "enrich" is 2147483648', { timeoutMs: 2 ** 31 }],
  ['timeoutMs of async operator "enrich" is NaN', { timeoutMs: Number.NaN }],
  ['capacity of async operator "enrich" is 0', { capacity: 0 }],
  ['capacity of async operator "enrich" is 1.5', { capacity: 1.5 }],
  ['retry.attemptsMax of async operator "enrich" is 0', { retry: { attemptsMax: 0, delayMs: 1 } }],
  ['retry.delayMs of async operator "enrich" is -1', { retry: { attemptsMax: 1, delayMs: -1 } }],
  [
    'retry.backoff of async operator "enrich" is 0.5',
    { retry: { attemptsMax: 2, delayMs: 1, backoff: 0.5 } },
  ],
])('option %s: that is refused', (what, changed) => {
  expect(() => resolveAsyncOptions('enrich', { timeoutMs: 1, ...changed })).toThrow(
    expect.objectContaining({ code: 'FLINKTS_OPTION_INVALID', message: `option ${what}` }),
  )
})
