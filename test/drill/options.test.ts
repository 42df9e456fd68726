import { expect, test } from 'vitest'
import { parseOptions } from './options.ts'

test('takes kills, seed, rows and mode', () => {
  expect(
    parseOptions(['--kills', '1000', '--seed', '7', '--rows', '500', '--mode', 'staged']),
  ).toEqual({
    kills: 1000,
    seed: 7,
    rows: 500,
    mode: 'staged',
    help: false,
  })
})

test('says which value it does not take', () => {
  expect(() => parseOptions(['--mode', 'append'])).toThrow(
    '--mode takes twoPhase or staged, not "append"',
  )
  expect(() => parseOptions(['--kills', 'many'])).toThrow(
    '--kills takes a whole number from 1 to 100000, not "many"',
  )
})
