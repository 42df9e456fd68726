import { describe, expect, test } from 'vitest'
import { quoteIdentifier, quoteLiteral, schemaFingerprint } from '../../src/records/relation.ts'
import type { Relation } from '../../src/records/relation.ts'

const orders: Relation = {
  oid: 16_400,
  schema: 'public',
  name: 'orders',
  table: 'public.orders',
  replicaIdentity: 'default',
  columns: [
    { name: 'id', typeOid: 20, typeModifier: -1, key: true, identity: true },
    { name: 'total', typeOid: 1700, typeModifier: 655_366, key: false, identity: false },
  ],
}

describe('schemaFingerprint', () => {
  test('stays when the table is replaced by an equal one or its replica identity changes', () => {
    const columns = orders.columns.map((column) => ({ ...column, identity: true }))

    const other = schemaFingerprint({ ...orders, oid: 1, replicaIdentity: 'full', columns })

    expect(other).toBe(schemaFingerprint(orders))
  })

  test.each([
    ['name', { name: 'sum' }],
    ['type', { typeOid: 25 }],
    ['modifier', { typeModifier: -1 }],
    ['key', { key: true }],
  ])('differs when the %s of a column changes', (_what, change) => {
    const columns = orders.columns.map((column) =>
      column.name === 'total' ? { ...column, ...change } : column,
    )

    expect(schemaFingerprint({ ...orders, columns })).not.toBe(schemaFingerprint(orders))
  })
})

describe('quoting', () => {
  test('doubles the quotes of identifiers', () => {
    expect(quoteIdentifier('Order "2"')).toBe('"Order ""2"""')
  })

  test('doubles the quotes and marks the backslashes of literals', () => {
    expect(quoteLiteral("it's")).toBe("'it''s'")
    expect(quoteLiteral("\\'")).toBe(" E'\\\\'''")
  })
})
