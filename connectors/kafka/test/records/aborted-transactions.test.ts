import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AbortedTransaction } from '../../src/records/aborted-transactions.ts'
import { AbortedTransactions } from '../../src/records/aborted-transactions.ts'
import { BatchReader } from '../../src/records/batch-reader.ts'
import { batchLayout } from '../../src/records/record-batch.ts'
import { writeInt64 } from '../../src/records/int64.ts'
import { batchOf, changed, emptied, valuesOf } from './batches.ts'
import { goldenBytes } from './golden/golden-batches.ts'

/** A batch of a partition, of one record or marker. */
interface Entry {
  readonly type: 'plain' | 'data' | 'abort' | 'commit'
  readonly producerId: number
}

function bytesOf({ type, producerId }: Entry, offset: number): Buffer {
  if (type === 'abort' || type === 'commit') {
    return changed(goldenBytes(`${type}-marker`), (copy) => {
      writeInt64(copy, batchLayout.baseOffset, offset)
      writeInt64(copy, batchLayout.producerId, producerId)
    })
  }
  const transactional = type === 'data'
  const stamp = { producerId, producerEpoch: 0, baseSequence: 0, transactional }
  return batchOf(valuesOf(String(offset)), { stamp, baseOffset: offset })
}

function partitionOf(entries: readonly Entry[]): readonly Buffer[] {
  return entries.map((entry, offset) => bytesOf(entry, offset))
}

/** The offsets of the batches that pass. */
function committedIn(
  batches: readonly Buffer[],
  aborted: readonly AbortedTransaction[] | null,
  filter: AbortedTransactions = new AbortedTransactions(),
): readonly number[] {
  const reader = new BatchReader()
  const offsets: number[] = []
  reader.reset(Buffer.concat(batches))
  filter.reset(aborted)
  while (reader.nextBatch()) {
    if (!filter.isAborted(reader) && !reader.isControl) offsets.push(reader.baseOffset)
  }
  return offsets
}

const begin = (producerId: number): Entry => ({ type: 'data', producerId })
const end = (type: 'abort' | 'commit', producerId: number): Entry => ({ type, producerId })

describe('aborted transactions', () => {
  test('are all known at the first batch, if several were open before it', () => {
    const batches = partitionOf([begin(1), begin(2), begin(2), begin(1), end('abort', 1)])
    const aborted = [1, 2].map((producerId) => ({ producerId, firstOffset: producerId - 1 }))

    expect(committedIn(batches.slice(2), aborted)).toEqual([])
  })

  test('may be named in any order', () => {
    const entries = [begin(1), end('abort', 1), begin(1), end('commit', 1), begin(2), begin(1)]
    const batches = partitionOf([...entries, end('abort', 1), end('abort', 2)])
    const aborted = [
      { producerId: 1, firstOffset: 5 },
      { producerId: 2, firstOffset: 4 },
      { producerId: 1, firstOffset: 0 },
    ]

    expect(committedIn(batches, aborted)).toEqual([2])
  })

  test('are not ended by a record whose key looks like a marker', () => {
    const stamp = { producerId: 1, producerEpoch: 0, baseSequence: 0, transactional: true }
    const key = Buffer.alloc(4)
    const lookalike = { key, value: Buffer.alloc(6), headers: [], timestamp: 0 }
    const batches = [
      batchOf([lookalike], { stamp }),
      batchOf([lookalike], { stamp, baseOffset: 1 }),
      bytesOf(end('abort', 1), 2),
    ]

    expect(committedIn(batches, [{ producerId: 1, firstOffset: 0 }])).toEqual([])
  })

  test('end at the marker of their own producer only', () => {
    const batches = partitionOf([begin(1), begin(2), end('abort', 2), begin(1), end('abort', 1)])
    const aborted = [1, 2].map((producerId) => ({ producerId, firstOffset: producerId - 1 }))

    expect(committedIn(batches, aborted)).toEqual([])
  })

  test('are not ended by a control batch that compaction emptied', () => {
    const batches = partitionOf([begin(1), end('abort', 1), begin(1), end('abort', 1)])
    const compacted = batches.with(1, emptied(batches[1] ?? Buffer.alloc(0)))

    expect(committedIn(compacted, [{ producerId: 1, firstOffset: 0 }])).toEqual([])
  })

  test('hide nothing that no transaction wrote', () => {
    const batches = partitionOf([begin(1), { type: 'plain', producerId: 1 }, end('abort', 1)])

    expect(committedIn(batches, [{ producerId: 1, firstOffset: 0 }])).toEqual([1])
  })

  test('of an earlier response hide nothing in the next', () => {
    const filter = new AbortedTransactions()
    const [first, ...later] = partitionOf([begin(1), begin(1), end('commit', 1)])
    committedIn([first ?? Buffer.alloc(0)], [{ producerId: 1, firstOffset: 0 }], filter)

    expect(committedIn(later, null, filter)).toEqual([1])
  })

  test('are left out, and nothing else, however the log is fetched', () => {
    const entry = fc.record({
      type: fc.constantFrom<Entry['type']>('plain', 'data', 'data', 'abort', 'commit'),
      producerId: fc.integer({ min: 1, max: 3 }),
    })
    const log = fc.array(entry, { minLength: 1, maxLength: 30 })
    const cuts = fc.array(fc.nat({ max: 30 }), { maxLength: 5 })

    fc.assert(
      fc.property(log, cuts, fc.boolean(), (entries, cutOffsets, reversed) => {
        const { aborted, committed } = oracle(entries)
        const batches = partitionOf(entries)
        const filter = new AbortedTransactions()
        const starts = [0, ...cutOffsets.toSorted((one, other) => one - other), batches.length]

        const read = starts.slice(1).flatMap((stop, index) => {
          const start = starts[index] ?? 0
          const named = aborted.filter(
            ({ firstOffset, markerOffset }) => firstOffset < stop && markerOffset >= start,
          )
          const order = reversed ? named.toReversed() : named
          return committedIn(batches.slice(start, stop), order, filter)
        })

        expect(read).toEqual(committed)
      }),
      { numRuns: 150 },
    )
  })
})

interface Oracle {
  /** In the order of their markers, as brokers name them. */
  readonly aborted: readonly (AbortedTransaction & { readonly markerOffset: number })[]
  readonly committed: readonly number[]
}

/** Looks ahead for the marker of each record; what is still open counts as committed. */
function oracle(entries: readonly Entry[]): Oracle {
  const endOf = (offset: number) =>
    entries.findIndex(
      ({ type, producerId }, index) =>
        index > offset &&
        producerId === entries[offset]?.producerId &&
        (type === 'abort' || type === 'commit'),
    )
  const data = [...entries.keys()].filter((offset) => entries[offset]?.type === 'data')
  const isAborted = (offset: number) => entries[endOf(offset)]?.type === 'abort'
  const firstOffsets = new Map<number, number>()
  for (const offset of data.toReversed()) firstOffsets.set(endOf(offset), offset)
  const aborted = [...firstOffsets]
    .filter(([markerOffset]) => entries[markerOffset]?.type === 'abort')
    .toSorted(([one], [other]) => one - other)
    .map(([markerOffset, firstOffset]) => ({
      producerId: entries[firstOffset]?.producerId ?? 0,
      firstOffset,
      markerOffset,
    }))
  const committed = [...entries.keys()].filter(
    (offset) => entries[offset]?.type === 'plain' || (data.includes(offset) && !isAborted(offset)),
  )
  return { aborted, committed }
}
