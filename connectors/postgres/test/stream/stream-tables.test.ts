import { expect, test } from 'vitest'
import type { ChangeSource } from '../../src/index.ts'
import type { Relation } from '../../src/records/relation.ts'
import { schemaFingerprint } from '../../src/records/relation.ts'
import { StreamTables } from '../../src/stream/stream-tables.ts'
import { TypeCatalog } from '../../src/values/type-catalog.ts'

const source: ChangeSource = {
  table: 'public.t',
  lsn: '0/1',
  position: 0,
  transactionId: 1,
  commitTime: '2024-05-06T07:08:09.000000Z',
}

function relation(...columns: readonly string[]): Relation {
  return {
    oid: 1,
    schema: 'public',
    name: 't',
    table: 'public.t',
    replicaIdentity: 'default',
    columns: ['id', ...columns].map((name) => {
      const key = name === 'id'
      return { name, typeOid: 23, typeModifier: -1, key, identity: key }
    }),
  }
}

function tablesWith(known: Relation): StreamTables {
  const key = [{ name: 'id', order: 'native' }] as const
  const schema = schemaFingerprint(known)
  return new StreamTables(new TypeCatalog(), [{ table: 'public.t', key, schema, ranges: [] }])
}

test('the same columns, told again by a new connection, are no change', () => {
  const tables = tablesWith(relation('a'))

  tables.see(relation('a'))

  expect(tables.takeSchemaChange(source)).toBeUndefined()
})

test('other columns are one record, and known from then on', () => {
  const tables = tablesWith(relation('a'))
  tables.see(relation('a', 'b'))

  const first = tables.takeSchemaChange(source)
  const second = tables.takeSchemaChange(source)

  expect(first).toMatchObject({ operation: 'schema', source })
  expect(first?.schema?.map(({ name }) => name)).toEqual(['id', 'a', 'b'])
  expect(second).toBeUndefined()
  expect(tables.schemaOf('public.t')).toBe(schemaFingerprint(relation('a', 'b')))
})

test('columns that no record had are forgotten', () => {
  const tables = tablesWith(relation('a'))

  tables.see(relation('a', 'b'))
  tables.see(relation('a'))

  expect(tables.takeSchemaChange(source)).toBeUndefined()
})

test('tables that the source does not read are told apart', () => {
  const tables = tablesWith(relation('a'))

  expect(tables.see({ ...relation('a'), table: 'public.other' })).toBe(false)
  expect(tables.see(relation('a'))).toBe(true)
})

test('a key that old rows no longer hold is refused', () => {
  const tables = tablesWith(relation('a'))
  const columns = relation('a').columns.map((column) => ({ ...column, identity: !column.key }))

  expect(() => tables.see({ ...relation('a'), columns })).toThrow(
    expect.objectContaining({ code: 'FLINKTS_POSTGRES_KEY_CHANGED' }),
  )
})
