import { expect, test } from 'vitest'
import { nearNames, suggestionOf, unknownOption } from '../../src/common/suggestion.ts'

const existing = ['batchKeys', 'batchSize', 'Batch', 'table']

test('names that differ in a few characters, or in case, are near, the nearest first', () => {
  expect(nearNames('batchsize', existing)).toEqual(['batchSize'])
  expect(nearNames('batchKey', existing)).toEqual(['batchKeys', 'Batch'])
  expect(nearNames('mode', existing)).toEqual([])
  expect(nearNames('ble', existing)).toEqual(['table'])
  expect(nearNames('be', existing)).toEqual([])
})

test('what may have been meant is a question, or nothing at all', () => {
  expect(suggestionOf('tabel', existing)).toBe('Did you mean "table"?')
  expect(suggestionOf('somethingElse', existing)).toBeUndefined()
})

test('an unknown option is named, with what may have been meant', () => {
  const near = 'There is no option "tabel". Did you mean "table"?'
  expect(unknownOption('tabel', existing)).toBe(near)
  expect(unknownOption('somethingElse', existing)).toBe('There is no option "somethingElse".')
})
