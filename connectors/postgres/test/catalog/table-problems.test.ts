import { expect, test } from 'vitest'
import { nearTables } from '../../src/catalog/table-problems.ts'

test('names that differ a little, or in case or schema, are suggested, the nearest first', () => {
  const existing = ['public.orders', 'public.order', 'shop.Order', 'public.customers']

  expect(nearTables('public.oder', existing)).toEqual(['public.order', 'public.orders'])
  expect(nearTables('public.ORDER', existing)).toEqual([
    'public.order',
    'shop.Order',
    'public.orders',
  ])
  expect(nearTables('public.payments', existing)).toEqual([])
})
