import { expect, test } from 'vitest'
import { parseArguments } from '../arguments.ts'

test('without arguments asks for everything in full size', () => {
  expect(parseArguments([])).toEqual({
    help: false,
    quick: false,
    names: [],
    peers: undefined,
    scenarios: undefined,
  })
})

test('takes names, and lists separated by commas', () => {
  const found = parseArguments(['cdc', '--quick', '--peers', 'flinkts,rivet', '--scenarios=perf'])

  expect(found).toEqual({
    help: false,
    quick: true,
    names: ['cdc'],
    peers: ['flinkts', 'rivet'],
    scenarios: ['perf'],
  })
})

test('refuses an option that it does not know', () => {
  expect(() => parseArguments(['--quik'])).toThrow('--quik')
})
