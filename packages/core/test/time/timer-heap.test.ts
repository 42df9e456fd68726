import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { TimerHeap } from '../../src/time/timer-heap.ts'

type Entry = readonly [timestamp: number, hash: number, key: string | number]

function takeAll(heap: TimerHeap): readonly Entry[] {
  const taken: Entry[] = []
  while (heap.size > 0) {
    taken.push([heap.next, heap.nextHash, heap.nextKey as string | number])
    heap.removeNext()
  }
  return taken
}

const entry = fc.tuple(
  fc.integer({ min: -5, max: 5 }),
  fc.integer({ min: 0, max: 2 }),
  fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom('a', 'b')),
)

test('gives entries by time, and those of one time in a fixed order', () => {
  fc.assert(
    fc.property(
      fc.array(entry, { maxLength: 60 }),
      fc.infiniteStream(fc.nat()),
      (entries, dice) => {
        const heaps = [entries, shuffled(entries, dice)].map((order) => {
          const heap = new TimerHeap()
          for (const [timestamp, hash, key] of order) heap.add(timestamp, hash, key)
          return takeAll(heap)
        })

        expect(heaps[0]).toEqual(heaps[1])
        const times = (heaps[0] ?? []).map(([timestamp]) => timestamp)
        expect(times).toEqual(entries.map(([timestamp]) => timestamp).toSorted((a, b) => a - b))
      },
    ),
  )
})

test('takes what is added between removals', () => {
  const heap = new TimerHeap()
  heap.add(5, 0, 'late')
  heap.add(1, 0, 'early')
  heap.removeNext()
  heap.add(3, 0, 'middle')

  expect(takeAll(heap).map(([timestamp]) => timestamp)).toEqual([3, 5])
  expect([heap.next, heap.size]).toEqual([Infinity, 0])
})

function shuffled(entries: readonly Entry[], dice: Stream<number>): readonly Entry[] {
  const rest = [...entries]
  const result: Entry[] = []
  for (const roll of dice) {
    const [picked] = rest.splice(roll % Math.max(1, rest.length), 1)
    if (picked === undefined) break
    result.push(picked)
  }
  return result
}

type Stream<T> = Iterable<T>
