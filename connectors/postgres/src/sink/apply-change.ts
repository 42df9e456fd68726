import { defined, FlinktsError, unreachable } from '@flinkts/core/connector'
import type { Change, PgValue, Row } from '../records/change.ts'
import type { RowChange } from './row-change.ts'

/**
 * What a change of a captured table does to a copy of that table: the option `write` of a sink for
 * the records of `postgresCdc`. Inserts and updates are upserts, so that it does not matter what
 * the copy holds at first. An update that changes the key deletes the old row. Changes of a key
 * must reach the same subtask of the sink, in order.
 *
 * @throws FlinktsError FLINKTS_POSTGRES_VALUE_MISSING if a row gets another key and leaves out a
 * large value that did not change; FLINKTS_POSTGRES_TRUNCATED for a TRUNCATE: filter these records
 * out before if the copy is to keep its rows.
 * @public
 */
export function applyChange(change: Change): readonly RowChange[] {
  switch (change.operation) {
    case 'snapshot':
    case 'insert':
      return [{ operation: 'upsert', row: rowOf(change) }]
    case 'update':
      return updated(change)
    case 'delete':
      return [{ operation: 'delete', key: keyOf(change) }]
    case 'schema':
      return []
    case 'truncate':
      throw truncated(change)
    default:
      return unreachable(change.operation)
  }
}

function updated(change: Change): readonly RowChange[] {
  const row = rowOf(change)
  const before = keyBefore(change)
  if (before === undefined) return [{ operation: 'upsert', row }]
  if (change.unchanged !== undefined) throw incomplete(change, change.unchanged)
  return [
    { operation: 'delete', key: before },
    { operation: 'upsert', row },
  ]
}

/** The key that the row had, if it was another one. */
function keyBefore(change: Change): Row | undefined {
  const { before } = change
  if (before === undefined) return undefined
  const key = keyOf(change)
  const names = Object.keys(key)
  if (names.every((name) => equal(before[name], key[name]))) return undefined
  return Object.fromEntries(names.map((name) => [name, before[name] ?? null]))
}

/** Keys hold no arrays and no parsed JSON. */
function equal(left: PgValue | undefined, right: PgValue | undefined): boolean {
  if (left instanceof Uint8Array && right instanceof Uint8Array) {
    return Buffer.compare(left, right) === 0
  }
  return left === right
}

function rowOf({ after }: Change): Row {
  return defined(after, 'a snapshot, an insert and an update have the row')
}

function keyOf({ key }: Change): Row {
  return defined(key, 'captured tables have a key')
}

function incomplete({ source }: Change, unchanged: readonly string[]): FlinktsError {
  const columns = unchanged.map((name) => `"${name}"`).join(', ')
  const message =
    `a row of "${source.table}" got another key at ${source.lsn}, and its change leaves out ` +
    columns
  return new FlinktsError('FLINKTS_POSTGRES_VALUE_MISSING', message, {
    hint: `Run "ALTER TABLE ${source.table} REPLICA IDENTITY FULL" on the source.`,
  })
}

function truncated({ source }: Change): FlinktsError {
  const message = `"${source.table}" was truncated at ${source.lsn}, which a sink cannot repeat`
  return new FlinktsError('FLINKTS_POSTGRES_TRUNCATED', message, {
    hint:
      'Truncate the copy by hand, and filter these records out before the sink: ' +
      '".filter((change) => change.operation !== \'truncate\')".',
  })
}
