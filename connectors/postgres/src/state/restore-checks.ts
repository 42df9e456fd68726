import { FlinktsError } from '@flinkts/core/connector'
import type { EnumeratorState, SourceMode } from './enumerator-state.ts'

/**
 * Throws if the tables of the options are not those of the checkpoint: a new one would lack its
 * snapshot.
 *
 * @throws FlinktsError FLINKTS_POSTGRES_TABLES_CHANGED
 * @internal
 */
export function checkTables(tables: readonly string[], restored: EnumeratorState): void {
  if (restored.phase === 'preparing') return
  const known = restored.tables.map((table) => (typeof table === 'string' ? table : table.table))
  const added = tables.filter((table) => !known.includes(table))
  const removed = known.filter((table) => !tables.includes(table))
  if (added.length === 0 && removed.length === 0) return
  throw new FlinktsError(
    'FLINKTS_POSTGRES_TABLES_CHANGED',
    `the option "tables" is not that of the checkpoint (added: ${list(added)}; ` +
      `removed: ${list(removed)})`,
    {
      hint:
        'Restore with the same tables. For other ones start the job afresh, or add a second ' +
        'postgresCdc source with an operator id of its own.',
    },
  )
}

function list(tables: readonly string[]): string {
  return tables.length === 0 ? 'none' : tables.map((table) => `"${table}"`).join(', ')
}

/**
 * Throws if the options read something else than those that wrote the checkpoint.
 *
 * @throws FlinktsError FLINKTS_STATE_INCOMPATIBLE
 * @internal
 */
export function checkMode(mode: SourceMode, restored: EnumeratorState): void {
  if (restored.phase === 'preparing') return
  const fits = restored.phase === 'snapshot' ? restored.mode === mode : mode !== 'snapshot-only'
  if (fits) return
  throw new FlinktsError(
    'FLINKTS_STATE_INCOMPATIBLE',
    'the options "snapshot" and "stream" read something else than those of the checkpoint',
    { hint: 'Restore with the options that the checkpoint was taken with, or start afresh.' },
  )
}
