import { randomBelow, SeededPrng } from '@flinkts/core/testing'
import type { Prng } from '@flinkts/core/testing'
import { describe, expect, test } from 'vitest'
import type { Change, Operation, Row } from '../../src/index.ts'
import type { SnapshotRange } from '../../src/snapshot/key-range.ts'
import { SnapshotFilter } from '../../src/stream/snapshot-filter.ts'
import { Replica } from '../support/replica.ts'

const table = 'public.t'
const keysMax = 20

describe('the filter between snapshot and stream', () => {
  test.for(Array.from({ length: 300 }, (_, seed) => seed))(
    'joins ranges to the changes exactly, in a random history (seed %i)',
    (seed) => {
      const history = randomHistory(new SeededPrng(seed))

      const replica = new Replica(history.records)

      const rows = replica.rows(table).toSorted((a, b) => Number(a['id']) - Number(b['id']))
      expect(rows).toEqual(history.finalRows)
    },
  )

  test('gives only the half of a move that the snapshot does not hold', () => {
    const filter = new SnapshotFilter([tableOf([range('10', 100), range(undefined, 200)])])
    const move = (from: number, to: number): Change =>
      changeOf('update', { id: from, v: 0 }, { id: to, v: 1 })

    const inserted = filter.apply(move(15, 5), 150)
    const deleted = filter.apply(move(5, 15), 150)

    expect(inserted).toMatchObject({ operation: 'insert', before: undefined, key: { id: 5 } })
    expect(deleted).toMatchObject({ operation: 'delete', after: undefined, key: { id: 5 } })
    expect(filter.apply(move(5, 15), 50)).toBeUndefined()
    expect(filter.apply(move(5, 15), 250)).toMatchObject({ operation: 'update' })
  })

  test('ends for a table with a truncate that some of its ranges did not see', () => {
    const filter = new SnapshotFilter([tableOf([range('10', 100), range(undefined, 200)])])

    const before = filter.apply(changeOf('insert', undefined, { id: 15, v: 0 }), 120)
    const seen = filter.apply(changeOf('truncate', undefined, undefined), 50)
    const truncate = filter.apply(changeOf('truncate', undefined, undefined), 150)
    const after = filter.apply(changeOf('insert', undefined, { id: 15, v: 0 }), 160)

    expect([before, seen]).toEqual([undefined, undefined])
    expect([truncate?.operation, after?.operation]).toEqual(['truncate', 'insert'])
    expect(filter.covers(table)).toBe(false)
  })

  test('leaves other tables alone', () => {
    const filter = new SnapshotFilter([tableOf([range(undefined, 200)])])
    const change = changeOf('insert', undefined, { id: 1, v: 0 }, 'public.other')

    expect(filter.apply(change, 1)).toBe(change)
  })

  test('refuses an insert that lacks values', () => {
    const filter = new SnapshotFilter([tableOf([range('10', 100), range(undefined, 200)])])
    const move = { ...changeOf('update', { id: 15 }, { id: 5 }), unchanged: ['v'] }

    expect(() => filter.apply(move, 150)).toThrow(
      expect.objectContaining({ code: 'FLINKTS_POSTGRES_VALUE_MISSING' }),
    )
  })
})

interface History {
  /** Snapshot, then what the filter leaves of the stream. */
  readonly records: readonly Change[]
  readonly finalRows: readonly Row[]
}

/**
 * A transaction as it commits: its id says when it began, its place in the stream when it ended.
 */
interface Transaction {
  readonly id: number
  readonly changes: Change[]
  /** Until then its commit is in the stream, but no query sees it. */
  visibleAt: number
}

/**
 * A table that transactions change one after the other, while ranges of it are read: each
 * transaction becomes visible to queries some time after its commit, as with synchronous
 * replication (the rows that it changed stay locked so long).
 */
function randomHistory(prng: Prng): History {
  const committed: Transaction[] = []
  const rows = new Map<number, Row>()
  const locked = new Map<number, Transaction>()
  const reads: RangeRead[] = []
  const unread = [...[3, 8, 12, 16].filter(() => prng.next() < 0.7), undefined]
  let nextId = 100
  for (let now = 0; now < 60 || unread.length > 0; now++) {
    for (const [key, { visibleAt }] of locked) if (visibleAt <= now) locked.delete(key)
    if (prng.next() < 0.3 && unread.length > 0) {
      const bounds = { lower: reads.at(-1)?.upper, upper: unread.shift() }
      reads.push(readRange(committed, bounds, { now, nextId }))
      continue
    }
    const transaction = { id: nextId++, changes: [], visibleAt: now + randomBelow(prng, 6) }
    randomChanges(prng, rows, locked, transaction)
    committed.push(transaction)
  }
  const filter = new SnapshotFilter([tableOf(reads.map((read) => read.range))])
  const stream = committed.flatMap(({ id, changes }) =>
    changes.map((change) => filter.apply(change, id)),
  )
  const kept = stream.filter((change) => change !== undefined)
  return {
    records: [...reads.flatMap((read) => read.records), ...kept],
    finalRows: [...rows.values()].toSorted((a, b) => Number(a['id']) - Number(b['id'])),
  }
}

interface RangeRead {
  readonly upper: number | undefined
  readonly range: SnapshotRange
  readonly records: readonly Change[]
}

function readRange(
  committed: readonly Transaction[],
  { lower = 0, upper }: { readonly lower: number | undefined; readonly upper: number | undefined },
  { now, nextId }: { readonly now: number; readonly nextId: number },
): RangeRead {
  const seen = replay(committed.filter((transaction) => transaction.visibleAt <= now))
  const hidden = committed.filter((transaction) => transaction.visibleAt > now)
  const inRange = [...seen].filter(([id]) => id >= lower && id < (upper ?? Infinity))
  return {
    upper,
    range: {
      end: upper === undefined ? undefined : [String(upper)],
      inclusive: false,
      snapshot: snapshotText(hidden, nextId),
    },
    records: inRange.map(([, row]) => changeOf('snapshot', undefined, row)),
  }
}

function randomChanges(
  prng: Prng,
  rows: Map<number, Row>,
  locked: Map<number, Transaction>,
  transaction: Transaction,
): void {
  for (let i = 1 + randomBelow(prng, 3); i > 0; i--) {
    const from = randomBelow(prng, keysMax)
    const to = prng.next() < 0.5 ? from : randomBelow(prng, keysMax)
    const free = (key: number): boolean => !locked.has(key) || locked.get(key) === transaction
    if (!free(from) || !free(to)) continue
    const change = randomChange(prng, rows, { from, to })
    if (change === undefined) continue
    transaction.changes.push(change)
    locked.set(from, transaction).set(to, transaction)
    applyTo(rows, change)
  }
}

function randomChange(
  prng: Prng,
  rows: ReadonlyMap<number, Row>,
  move: { readonly from: number; readonly to: number },
): Change | undefined {
  const old = rows.get(move.from)
  const v = randomBelow(prng, 1_000_000)
  if (old === undefined) return changeOf('insert', undefined, { id: move.from, v })
  if (prng.next() < 0.3) return changeOf('delete', { id: move.from }, undefined)
  if (move.from === move.to) return changeOf('update', undefined, { id: move.to, v })
  if (rows.has(move.to)) return undefined
  return changeOf('update', { id: move.from }, { id: move.to, v })
}

function replay(transactions: readonly Transaction[]): Map<number, Row> {
  const rows = new Map<number, Row>()
  for (const { changes } of transactions) for (const change of changes) applyTo(rows, change)
  return rows
}

function applyTo(rows: Map<number, Row>, change: Change): void {
  if (change.before !== undefined) rows.delete(Number(change.before['id']))
  if (change.after !== undefined) rows.set(Number(change.after['id']), change.after)
}

/** As Postgres writes it: those that still run, and the id after the last one that has ended. */
function snapshotText(hidden: readonly Transaction[], nextId: number): string {
  const ids = hidden.map(({ id }) => id)
  const hiddenIds = new Set(ids)
  let xmax = nextId
  while (hiddenIds.has(xmax - 1)) xmax--
  const running = ids.filter((id) => id < xmax)
  return `${Math.min(xmax, ...running)}:${xmax}:${running.join(',')}`
}

function range(end: string | undefined, xmax: number): SnapshotRange {
  return {
    end: end === undefined ? undefined : [end],
    inclusive: false,
    snapshot: `${xmax}:${xmax}:`,
  }
}

function tableOf(
  ranges: readonly SnapshotRange[],
): ConstructorParameters<typeof SnapshotFilter>[0][number] {
  return { table, key: [{ name: 'id', order: 'native' }], schema: '', ranges }
}

function changeOf(
  operation: Operation,
  before: Row | undefined,
  after: Row | undefined,
  name: string = table,
): Change {
  const row = after ?? before
  return {
    operation,
    before,
    after,
    key: row === undefined ? undefined : { id: row['id'] ?? null },
    unchanged: undefined,
    source: {
      table: name,
      lsn: '0/1',
      position: 0,
      transactionId: 1,
      commitTime: '2024-05-06T07:08:09.000000Z',
    },
    schema: undefined,
  }
}
