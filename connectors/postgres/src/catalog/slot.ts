import { FlinktsError } from '@flinkts/core/connector'
import type { SqlRow } from '../client.ts'
import type { Lsn } from '../records/lsn.ts'
import { formatLsn, noLsn, parseLsn } from '../records/lsn.ts'
import type { Problem } from './problem.ts'
import { quoteLiteral } from '../records/relation.ts'

/** A replication slot as `pg_replication_slots` shows it. @internal */
export interface SlotDescription {
  readonly slot: string
  /** Undefined: a physical slot. */
  readonly plugin: string | undefined
  readonly database: string | undefined
  /** The process that reads from it; undefined: none. */
  readonly activePid: number | undefined
  /** `reserved extended unreserved lost`. */
  readonly walStatus: string | undefined
  /** What was acknowledged: changes before it are never sent again. */
  readonly confirmedLsn: Lsn
  /** Bytes of WAL that the server keeps because of the slot. */
  readonly retainedBytes: number
  /** Bytes of WAL that were not acknowledged yet. */
  readonly lagBytes: number
}

/** Anything that runs a statement without parameters. @internal */
export interface SqlRunner {
  query(sql: string): Promise<readonly SqlRow[]>
}

/** The slot as it is now; undefined: there is none of that name. @internal */
export async function readSlot(
  client: SqlRunner,
  slot: string,
): Promise<SlotDescription | undefined> {
  const [row] = await client.query(`
    SELECT plugin, database, active_pid, wal_status, confirmed_flush_lsn,
      pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::int8 AS retained,
      pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn)::int8 AS lag
    FROM pg_replication_slots WHERE slot_name = ${quoteLiteral(slot)}`)
  if (row === undefined) return undefined
  const activePid = row['active_pid'] ?? undefined
  const confirmed = row['confirmed_flush_lsn'] ?? undefined
  return {
    slot,
    plugin: row['plugin'] ?? undefined,
    database: row['database'] ?? undefined,
    activePid: activePid === undefined ? undefined : Number(activePid),
    walStatus: row['wal_status'] ?? undefined,
    confirmedLsn: confirmed === undefined ? noLsn : parseLsn(confirmed),
    retainedBytes: Number(row['retained'] ?? 0),
    lagBytes: Math.max(0, Number(row['lag'] ?? 0)),
  }
}

/** What is wrong with an existing slot for good, whoever reads from it. @internal */
export function slotProblems(slot: SlotDescription, database: string): readonly Problem[] {
  const name = slot.slot
  if (slot.plugin !== 'pgoutput' || slot.database !== database) {
    const owner = slot.database === undefined ? 'physical' : `of database "${slot.database}"`
    return [
      {
        severity: 'error',
        code: 'slot-mismatch',
        errorCode: 'FLINKTS_POSTGRES_SLOT_MISMATCH',
        message:
          `slot "${name}" is ${owner} with the plugin "${slot.plugin ?? 'none'}"; ` +
          `one of database "${database}" with "pgoutput" is needed`,
        hint: 'Choose another name in the option "slot", or drop the slot if nobody needs it.',
      },
    ]
  }
  if (slot.walStatus !== 'lost') return []
  return [
    {
      severity: 'error',
      code: 'slot-lost',
      errorCode: 'FLINKTS_POSTGRES_SLOT_LOST',
      message: `slot "${name}" is lost: the server removed WAL that it needed`,
      hint: lostHint(name),
    },
  ]
}

/**
 * Throws if a position of a checkpoint cannot be continued from the slot.
 *
 * @throws FlinktsError FLINKTS_POSTGRES_SLOT_LOST, FLINKTS_POSTGRES_SLOT_AHEAD
 * @internal
 */
export function checkPosition(
  slot: SlotDescription | undefined,
  name: string,
  position: Lsn,
): asserts slot is SlotDescription {
  if (slot === undefined) {
    throw new FlinktsError('FLINKTS_POSTGRES_SLOT_LOST', `slot "${name}" does not exist any more`, {
      hint:
        'Without it the changes since the checkpoint are gone. Start the job afresh with a new ' +
        'snapshot. If the option "slot" was changed, change it back.',
    })
  }
  if (slot.confirmedLsn <= position) return
  throw new FlinktsError(
    'FLINKTS_POSTGRES_SLOT_AHEAD',
    `slot "${name}" stands at "${formatLsn(slot.confirmedLsn)}", ahead of the checkpoint at ` +
      `"${formatLsn(position)}": changes in between are gone`,
    {
      hint:
        'The slot was advanced by a newer run, or dropped and made anew. Restore the newest ' +
        'checkpoint, or drop the slot and start the job afresh with a new snapshot.',
    },
  )
}

/** @internal */
export function slotInUse(slot: SlotDescription, waitedMs: number): FlinktsError {
  return new FlinktsError(
    'FLINKTS_POSTGRES_SLOT_IN_USE',
    `slot "${slot.slot}" is in use by the process ${slot.activePid ?? 'unknown'} of the server, ` +
      `still after ${waitedMs} ms`,
    { hint: inUseHint },
  )
}

const inUseHint =
  'Stop the job that reads from it (pg_stat_activity shows its application_name), or give this ' +
  'job a slot of its own with the option "slot".'

function lostHint(name: string): string {
  return (
    'Raise max_slot_wal_keep_size, run ' +
    `"select pg_drop_replication_slot(${quoteLiteral(name)})", and start the job afresh with a ` +
    'new snapshot.'
  )
}

/** The server is another one than that of the checkpoint. @internal */
export function systemMismatch(expected: string, found: string): FlinktsError {
  return new FlinktsError(
    'FLINKTS_POSTGRES_SYSTEM_MISMATCH',
    `the checkpoint belongs to the database system ${expected}, but the server is ${found}`,
    {
      hint:
        'Positions of one server mean nothing on another. Connect to the former server (or its ' +
        'promoted standby), or start the job afresh.',
    },
  )
}
