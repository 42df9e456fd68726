import { expect, test } from 'vitest'
import { parseArguments } from '../arguments.ts'

test('without arguments asks for everything in full size', () => {
  expect(parseArguments([])).toEqual({
    help: false,
    quick: false,
    names: [],
    peers: undefined,
    scenarios: undefined,
    only: undefined,
  })
})

test('takes names, and lists separated by commas', () => {
  const lists = ['--peers', 'flinkts,rivet', '--scenarios=perf', '--only', 'map,keys']
  const found = parseArguments(['cdc', '--quick', ...lists])

  expect(found).toEqual({
    help: false,
    quick: true,
    names: ['cdc'],
    peers: ['flinkts', 'rivet'],
    scenarios: ['perf'],
    only: ['map', 'keys'],
  })
})

test('refuses an option that it does not know', () => {
  expect(() => parseArguments(['--quik'])).toThrow('--quik')
})
