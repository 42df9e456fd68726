import { expect, test } from 'vitest'
import { nearNames } from '../../src/catalog/table-problems.ts'

test('names that differ a little, or in case or schema, are suggested, the nearest first', () => {
  const existing = ['public.orders', 'public.order', 'shop.Order', 'public.customers']

  expect(nearNames('public.oder', existing)).toEqual(['public.order', 'public.orders'])
  expect(nearNames('public.ORDER', existing)).toEqual(['public.order', 'shop.Order'])
  expect(nearNames('public.payments', existing)).toEqual([])
})
