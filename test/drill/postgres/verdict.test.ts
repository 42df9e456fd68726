import { expect, test } from 'vitest'
import { type CopiedChange, judge, type WrittenChange } from './verdict.ts'

const exact = { lost: 0, duplicated: 0, wrong: 0, disordered: 0 }
const allRead = 0
const nothingStreamed = Number.POSITIVE_INFINITY

/** A row that is inserted as version 1, updated to 2 and 3, and deleted. */
const life: readonly WrittenChange[] = [
  { entry: 1, operation: 'insert', id: 7, change: 1, content: '(a)' },
  { entry: 2, operation: 'update', id: 7, change: 2, content: '(b)' },
  { entry: 3, operation: 'update', id: 7, change: 3, content: '(c)' },
  { entry: 4, operation: 'delete', id: 7, change: 3, content: '(c)' },
]
const streamed: readonly CopiedChange[] = life
const [inserted, first, second, deleted] = streamed as readonly [
  CopiedChange,
  CopiedChange,
  CopiedChange,
  CopiedChange,
]
const read: CopiedChange = { ...first, operation: 'snapshot' }

test.each([
  ['every change', streamed, allRead],
  ['a row that was read, and all changes since', [read, second, deleted], nothingStreamed],
  ['nothing of a row that was gone when rows were read', [], nothingStreamed],
])('finds %s exact', (_, copied, streamedSince) => {
  expect(judge(life, copied, streamedSince)).toMatchObject({ faults: exact, examples: [] })
})

test.each([
  ['a change in the middle that is missing', [inserted, first, deleted], nothingStreamed, 1],
  ['the last change that is missing', [inserted, first, second], nothingStreamed, 1],
  ['a change after the row was read', [read, deleted], nothingStreamed, 1],
  ['a first change, the row not having been read', [first, second, deleted], nothingStreamed, 1],
  ['everything of a row that was streamed', [], allRead, 4],
])('finds lost: %s', (_, copied, streamedSince, lost) => {
  expect(judge(life, copied, streamedSince).faults).toEqual({ ...exact, lost })
})

test.each([
  ['a change that comes twice', [...streamed, deleted]],
  ['a row that is read twice', [read, read, second, deleted]],
  ['a change that came with the row', [read, first, second, deleted]],
  ['a change from before the row was read', [inserted, read, second, deleted]],
])('finds duplicated: %s', (_, copied) => {
  expect(judge(life, copied, nothingStreamed).faults).toEqual({ ...exact, duplicated: 1 })
})

test.each([
  ['a value that is another one', { ...second, content: '(x)' }],
  ['a change that nobody wrote', { ...second, change: 9 }],
  ['an operation that is another one', { ...second, operation: 'insert' as const }],
])('finds wrong, and lost: %s', (_, wrong) => {
  const { faults } = judge(life, [inserted, first, wrong, deleted], allRead)

  expect(faults).toEqual({ ...exact, wrong: 1, lost: 1 })
})

test('finds wrong: a row of an id that nobody wrote', () => {
  const { faults } = judge(life, [...streamed, { ...inserted, id: 8 }], allRead)

  expect(faults).toEqual({ ...exact, wrong: 1 })
})

test('finds disordered: a change before one that was made earlier', () => {
  const { faults } = judge(life, [inserted, second, first, deleted], allRead)

  expect(faults).toEqual({ ...exact, disordered: 1 })
})

test('says which change it is', () => {
  const { examples } = judge(life, [inserted, first, second], allRead)

  expect(examples).toEqual(['lost: there is no delete of the row 7, version 3'])
})
