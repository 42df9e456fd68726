import { expect, test } from 'vitest'
import { parseConsumed, parseTable } from '../kafka-records.ts'

test('tells absent keys, values and headers from empty ones', () => {
  const first = 'CreateTime:17\u001fPartition:1\u001fOffset:9007199254740993\u001f'
  const second = 'LogAppendTime:0\u001fPartition:0\u001fOffset:0\u001fNO_HEADERS\u001f'

  const records = parseConsumed(
    `${first}a:b:c\u001dd:\u0010\u001de:\u001f\u0010\u001f\u0010\u001e${second}\u001f\u001e`,
  )

  expect(records).toEqual([
    {
      partition: 1,
      offset: 9007199254740993n,
      timestamp: 17,
      timestampType: 'CreateTime',
      key: undefined,
      value: undefined,
      headers: [
        ['a', 'b:c'],
        ['d', undefined],
        ['e', ''],
      ],
    },
    {
      partition: 0,
      offset: 0n,
      timestamp: 0,
      timestampType: 'LogAppendTime',
      key: '',
      value: '',
      headers: [],
    },
  ])
})

test('finds no record in no output', () => {
  expect(parseConsumed('')).toEqual([])
})

test.each([
  ['a record that was cut', 'CreateTime:1\u001fPartition:0'],
  [
    'a record with a field too many',
    'CreateTime:1\u001fPartition:0\u001fOffset:0\u001fNO_HEADERS\u001fk\u001fv\u001fw\u001e',
  ],
  [
    'a header without a name',
    'CreateTime:1\u001fPartition:0\u001fOffset:0\u001fname\u001fk\u001fv\u001e',
  ],
  [
    'a warning between records',
    'WARN [x]\nCreateTime:1\u001fPartition:0\u001fOffset:0\u001fNO_HEADERS\u001fk\u001fv\u001e',
  ],
])('refuses %s', (_name, output) => {
  expect(() => parseConsumed(output)).toThrow(/ends within a record|not what|not a header/)
})

test('reads a table by its head', () => {
  expect(parseTable('\nGROUP  LAG\ng      0\n').map((row) => row.get('LAG'))).toEqual(['0'])
})
