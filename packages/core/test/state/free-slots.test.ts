import { expect, it } from 'vitest'
import { FreeSlots } from '../../src/state/free-slots.ts'

it('free slots are taken last first, and known one by one', () => {
  const free = new FreeSlots()
  const slots = [0, 70, 31, 32, 1000, 63]
  for (const slot of slots) free.add(slot)

  expect(Array.from({ length: 1100 }, (_, slot) => slot).filter((slot) => free.has(slot))).toEqual(
    slots.toSorted((one, other) => one - other),
  )
  for (const slot of slots.toReversed()) {
    expect(free.next).toBe(slot)
    free.take()
    expect(free.has(slot)).toBe(false)
  }
  expect([free.count, free.next]).toStrictEqual([0, undefined])
})

it('free slots are none once they are forgotten', () => {
  const free = new FreeSlots()
  for (const slot of [1, 2, 40]) free.add(slot)
  free.clear()
  free.add(3)

  expect([1, 2, 3, 40].map((slot) => free.has(slot))).toStrictEqual([false, false, true, false])
})
