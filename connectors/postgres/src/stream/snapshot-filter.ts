import { FlinktsError } from '@flinkts/core/connector'
import type { Change } from '../records/change.ts'
import type { Key, KeyColumn } from '../snapshot/key-order.ts'
import { compareKeys, keyOf } from '../snapshot/key-order.ts'
import { RangeIndex } from '../snapshot/key-range.ts'
import type { StreamTable } from '../split.ts'

interface FilteredTable {
  readonly key: readonly KeyColumn[]
  readonly index: RangeIndex
}

/**
 * Joins the stream to the snapshot: passes over what the snapshot already emitted. A row's snapshot
 * record holds what its range's query saw, so of the stream's changes exactly those count that it
 * did not see. Whether it saw one is asked of transaction ids, never of WAL positions: a commit may
 * be in the WAL long before queries see it (synchronous replication), and so any rule by position
 * loses or repeats changes.
 *
 * Works as long as every query locks its table before it takes its snapshot, since TRUNCATE and
 * rewrites are seen by older snapshots too.
 *
 * @internal
 */
export class SnapshotFilter {
  readonly #tables = new Map<string, FilteredTable>()

  constructor(tables: readonly StreamTable[]) {
    for (const { table, key, ranges } of tables) {
      if (ranges.length > 0) this.#tables.set(table, { key, index: new RangeIndex(key, ranges) })
    }
  }

  /** Whether no table has ranges left. */
  get empty(): boolean {
    return this.#tables.size === 0
  }

  /** Whether changes of the table are compared with its snapshot. */
  covers(table: string): boolean {
    return this.#tables.has(table)
  }

  /** What is left of a change: itself, one half of an update that moved the row, or nothing. */
  apply(change: Change, transactionId: number): Change | undefined {
    const table = this.#tables.get(change.source.table)
    if (table === undefined) return change
    if (change.operation === 'truncate') return this.#applyTruncate(table, change, transactionId)
    const before = oldKeyOf(table, change)
    const after = change.after === undefined ? undefined : keyOf(table.key, change.after)
    if (before === undefined || after === undefined) {
      const key = after ?? before
      return key !== undefined && table.index.seen(key, transactionId) ? undefined : change
    }
    return applyMove(change, {
      deleted: !table.index.seen(before, transactionId),
      inserted: !table.index.seen(after, transactionId),
    })
  }

  /**
   * After a truncate the table is empty, so all that follows in the stream rebuilds it, also what
   * ranges read after it have seen: their filter ends here. Ranges read before it saw nothing of
   * what follows.
   */
  #applyTruncate(table: FilteredTable, change: Change, transactionId: number): Change | undefined {
    if (table.index.seenByAll(transactionId)) return undefined
    this.#tables.delete(change.source.table)
    return change
  }
}

/** The key of the row before, if it may differ from the one after. */
function oldKeyOf(table: FilteredTable, change: Change): Key | undefined {
  if (change.before === undefined) return undefined
  const before = keyOf(table.key, change.before)
  if (change.after === undefined) return before
  const moved = compareKeys(table.key, before, keyOf(table.key, change.after)) !== 0
  return moved ? before : undefined
}

/**
 * An update that moved a row to another key: each half counts if the range of its key did not see
 * it.
 */
function applyMove(
  change: Change,
  halves: { readonly deleted: boolean; readonly inserted: boolean },
): Change | undefined {
  if (halves.deleted && halves.inserted) return change
  if (halves.deleted) return deletedHalf(change)
  return halves.inserted ? insertedHalf(change) : undefined
}

function deletedHalf(change: Change): Change {
  return {
    operation: 'delete',
    before: change.before,
    after: undefined,
    key: change.before === undefined || change.key === undefined ? undefined : oldKeyRow(change),
    unchanged: undefined,
    source: change.source,
    schema: undefined,
  }
}

function oldKeyRow(change: Change): NonNullable<Change['key']> {
  const before = change.before ?? {}
  return Object.fromEntries(
    Object.keys(change.key ?? {}).map((name) => [name, before[name] ?? null]),
  )
}

function insertedHalf(change: Change): Change {
  if (change.unchanged !== undefined) throw valueMissing(change)
  return {
    operation: 'insert',
    before: undefined,
    after: change.after,
    key: change.key,
    unchanged: undefined,
    source: change.source,
    schema: undefined,
  }
}

function valueMissing(change: Change): FlinktsError {
  const { table } = change.source
  const columns = (change.unchanged ?? []).map((name) => `"${name}"`).join(', ')
  return new FlinktsError(
    'FLINKTS_POSTGRES_VALUE_MISSING',
    `the key of a row of "${table}" was changed while the snapshot ran, and Postgres did not ` +
      `send its large columns ${columns}`,
    {
      hint:
        `Run "ALTER TABLE ${table} REPLICA IDENTITY FULL", drop the slot, and start the job ` +
        'afresh. The identity can be reset once the snapshot is done.',
    },
  )
}
