import { expect, test } from 'vitest'
import { canonicalJson, timestampText } from '../../cdc/output-event.ts'
import {
  carefulFormat,
  flinktsFormat,
  recvlogicalFormat,
  rivetFormat,
} from '../../cdc/output-formats.ts'

const row = {
  customerId: '7919',
  amount: '1047.29',
  status: 'paid',
  note: "s1:it's",
  createdAt: '2024-01-01 00:00:01.000007+00',
  payload: '{"sku": "A1"}',
}

test('reads the records of flinkts', () => {
  const parse = flinktsFormat.createParser()
  const after = {
    id: 1,
    customer_id: 7919,
    amount: '1047.29',
    status: 'paid',
    note: "s1:it's",
    created_at: row.createdAt,
    payload: row.payload,
  }

  const inserted = parse(JSON.stringify({ operation: 'insert', after, key: { id: 1 } }))
  const removed = parse('{"operation":"delete","before":{"id":2},"key":{"id":2}}')

  expect(inserted).toEqual({ operation: 'insert', id: 1, row })
  expect(removed).toEqual({ operation: 'delete', id: 2, row: undefined })
})

test('reads the lines of the program around the npm library', () => {
  const parse = carefulFormat.createParser()

  expect(parse('{"operation":"delete","id":"12"}')).toEqual({
    operation: 'delete',
    id: 12,
    row: undefined,
  })
})

test('reads CSV with its header', () => {
  const parse = rivetFormat.createParser()
  parse('__op,id,customer_id,amount,status,note,created_at,payload')

  const line = `update,1,7919,1047.29,paid,s1:it's,${row.createdAt},"{""sku"": ""A1""}"`

  expect(parse(line)).toEqual({ operation: 'update', id: 1, row })
})

test('reads COPY text and what test_decoding says', () => {
  const parse = recvlogicalFormat.createParser()
  const copied = `1\t7919\t1047.29\tpaid\ts1:it's\t${row.createdAt}\t${row.payload}`
  const decoded =
    `table public.orders: UPDATE: id[bigint]:1 customer_id[integer]:7919 ` +
    `amount[numeric]:1047.29 status[text]:'paid' note[text]:'s1:it''s' ` +
    `created_at[timestamp with time zone]:'${row.createdAt}' payload[jsonb]:'${row.payload}'`

  expect(parse(copied)).toEqual({ operation: 'read', id: 1, row })
  expect(parse('BEGIN')).toBeUndefined()
  expect(parse(decoded)).toEqual({ operation: 'update', id: 1, row })
  expect(parse('table public.orders: DELETE: id[bigint]:5')).toEqual({
    operation: 'delete',
    id: 5,
    row: undefined,
  })
})

test.each([
  ['JSON', flinktsFormat, '{"operation":"ins'],
  ['CSV', rivetFormat, 'a,"b'],
  ['COPY text', recvlogicalFormat, '1\t2'],
])('refuses a torn line of %s', (_name, format, line) => {
  expect(() => format.createParser()(line)).toThrow()
})

test('takes commas and quotes in a value of CSV for what they are', () => {
  const parse = rivetFormat.createParser()
  parse('id,note,payload')

  expect(parse('1,"a, ""b"", c",')?.row).toMatchObject({ note: 'a, "b", c', payload: '' })
})

test.each([
  ['2024-01-01T00:00:01.000007Z', '2024-01-01T00:00:01.000007'],
  ['2024-01-01 00:00:01+00', '2024-01-01T00:00:01.000000'],
  ['2024-01-01 00:00:01.5+00:00', '2024-01-01T00:00:01.500000'],
  ['2024-01-01 00:00:01+02', '2024-01-01 00:00:01+02'],
])('writes the timestamp %s as %s', (given, expected) => {
  expect(timestampText(given)).toBe(expected)
})

test('writes JSON with its fields in one order', () => {
  expect(canonicalJson({ b: [1, null], a: { d: 'x', c: true } })).toBe(
    '{"a":{"c":true,"d":"x"},"b":[1,null]}',
  )
})
