import { expect, test } from 'vitest'
import { checkListsDeclared, OperatorList } from '../../src/operators/operator-list.ts'
import { valueSerializer } from '../../src/state/value-serializer.ts'

const declaration = {
  name: 'queue',
  distribution: 'split',
  serializer: valueSerializer<unknown>('operator "op"'),
} as const

test('a list is restored as it was when the snapshot was taken', () => {
  const values = [1, 'two', { three: 3n }, undefined, [new Date(5)]]

  const stored = new OperatorList(declaration, []).snapshot(values)

  expect(stored).toMatchObject({ name: 'queue', distribution: 'split' })
  expect(new OperatorList(declaration, [stored]).restored()).toEqual(values)
})

test('a list that no checkpoint holds starts empty', () => {
  expect(new OperatorList(declaration, []).restored()).toEqual([])
})

test('a list of another version of the codec is refused', () => {
  const items = [{ version: 9, bytes: new Uint8Array() }]
  const list = new OperatorList(declaration, [{ ...declaration, items }])

  expect(() => list.restored()).toThrow(
    expect.objectContaining({ code: 'FLINKTS_STATE_UNREADABLE' }),
  )
})

test('a restored list that nobody declares is an error, unless it is empty', () => {
  const stored = new OperatorList(declaration, []).snapshot([1])

  const check = (...declared: string[]): void => checkListsDeclared('op', [stored], declared)

  expect(() => check('other')).toThrow(
    expect.objectContaining({
      code: 'FLINKTS_STATE_ORPHANED',
      message: 'the checkpoint holds state "queue" of operator "op", which does not declare it',
    }),
  )
  check('other', 'queue')
  checkListsDeclared('op', [{ ...stored, items: [] }], [])
})
