import { expect, test } from 'vitest'
import { parseOptions } from './options.ts'

test('takes kills, seed and rows', () => {
  expect(parseOptions(['--kills', '1000', '--seed', '7', '--rows', '500'])).toEqual({
    kills: 1000,
    seed: 7,
    rows: 500,
    help: false,
  })
})

test('says which value it does not take', () => {
  expect(() => parseOptions(['--kills', 'many'])).toThrow(
    '--kills takes a whole number from 1 to 100000, not "many"',
  )
})
