import { FlinktsError, delay } from '@flinkts/core/connector'
import type { PostgresClient } from '../client.ts'
import type { PlannedTable, SnapshotPhase } from '../state/enumerator-state.ts'
import { chunkCount } from '../state/enumerator-state.ts'
import { formatLsn } from '../records/lsn.ts'
import { examine } from '../preflight.ts'
import { throwFirst } from '../catalog/problem.ts'
import { ensurePublication } from '../catalog/publication.ts'
import { quoteLiteral, schemaFingerprint } from '../records/relation.ts'
import { readSlot, slotInUse } from '../catalog/slot.ts'
import { planChunks } from './chunk-planner.ts'
import type { TransactionSnapshot } from './visibility.ts'
import { parseSnapshot, transactionsLeft } from './visibility.ts'
import type { SourceContext } from '../runtime/source-context.ts'
import type { TableDescription } from '../catalog/table-catalog.ts'

/**
 * What must be there before the first row is read, in this order: the publication (a slot cannot
 * decode WAL that is older than its publication), the slot, the end of the transactions that the
 * slot may miss, the chunks. Each step may find its work done by an attempt that died.
 *
 * Runs on the coordinator's thread; `signal` gives it up.
 *
 * @internal
 */
export class Preparation {
  readonly #context: SourceContext
  readonly #client: PostgresClient
  readonly #signal: AbortSignal

  constructor(context: SourceContext, client: PostgresClient, signal: AbortSignal) {
    this.#context = context
    this.#client = client
    this.#signal = signal
  }

  /**
   * The quick checks, then the publication.
   *
   * @returns the tables of the options as they are now, and whether the publication is new.
   * @throws FlinktsError with the code of the first problem
   */
  async begin(): Promise<{
    readonly tables: readonly TableDescription[]
    readonly publicationCreated: boolean
  }> {
    const { options, slot, publication, logger } = this.#context
    const streamed = options.mode !== 'snapshot-only'
    const { managePublication, tables } = options
    const target = { tables, slot, publication, managePublication, streamed }
    const examination = await examine(this.#client, target)
    throwFirst(examination.problems)
    const wanted = { publication, tables, managed: managePublication && streamed }
    const publicationCreated = await ensurePublication(this.#client, wanted, logger)
    return { tables: examination.tables, publicationCreated }
  }

  /** The slot and the chunks; may wait for long, for transactions to end. */
  async finish(
    tables: readonly TableDescription[],
    publicationCreated: boolean,
  ): Promise<SnapshotPhase> {
    const { mode } = this.#context.options
    const streamed = mode !== 'snapshot-only'
    const { systemId, lsn } = await (streamed
      ? this.#makeSlot(publicationCreated)
      : this.#currentPosition())
    if (mode === 'snapshot-and-stream') await this.#waitForOpenTransactions()
    const planned = await this.#plan(tables, mode !== 'stream-only')
    const chunks = planned.reduce((total, table) => total + chunkCount(table), 0)
    this.#context.logger.info('planned the snapshot', {
      tables: planned.map((table) => table.table),
      chunks: mode === 'stream-only' ? 0 : chunks,
    })
    return { phase: 'snapshot', mode, systemId, lsn, tables: planned }
  }

  async #currentPosition(): Promise<SlotPosition> {
    const [row] = await this.#client.query('SELECT pg_current_wal_lsn() AS lsn')
    return { systemId: '', lsn: row?.['lsn'] ?? '0/0' }
  }

  async #makeSlot(publicationCreated: boolean): Promise<SlotPosition> {
    const { slot, logger } = this.#context
    const replication = await this.#context.connectReplication(this.#signal, async () => {})
    const abort = (): void => void replication.close()
    this.#signal.addEventListener('abort', abort)
    try {
      const { systemId } = await replication.identifySystem()
      const existing = await this.#waitUntilIdle()
      if (existing === undefined) {
        const lsn = await replication.createSlot({ slot })
        logger.info('created the replication slot', { slot, lsn: formatLsn(lsn) })
        return { systemId, lsn: formatLsn(lsn) }
      }
      if (publicationCreated) await this.#advanceSlot()
      const found = (await readSlot(this.#client, slot)) ?? existing
      const lsn = formatLsn(found.confirmedLsn)
      logger.info('found the replication slot', { slot, lsn })
      return { systemId, lsn }
    } finally {
      this.#signal.removeEventListener('abort', abort)
      await replication.close()
    }
  }

  /** The slot, once nobody reads from it; undefined: there is none. */
  async #waitUntilIdle(): ReturnType<typeof readSlot> {
    const { clock, scheduler, options, slot } = this.#context
    const { slotWaitMs } = options.stream
    const startMs = clock.monotonic()
    for (;;) {
      const found = await readSlot(this.#client, slot)
      if (found?.activePid === undefined) return found
      if (clock.monotonic() - startMs >= slotWaitMs) throw slotInUse(found, slotWaitMs)
      await delay(scheduler, slotPollMs, this.#signal)
      this.#signal.throwIfAborted()
    }
  }

  /**
   * WAL older than the publication cannot be decoded, and is not needed: the snapshot comes after
   * it.
   */
  async #advanceSlot(): Promise<void> {
    const { mode } = this.#context.options
    if (mode === 'stream-only') return
    const slot = quoteLiteral(this.#context.slot)
    await this.#client.query(
      `SELECT pg_replication_slot_advance(${slot}, pg_current_wal_insert_lsn())`,
    )
  }

  /**
   * A transaction may be in the WAL before the slot's first position, and so not in the stream, and
   * yet be invisible to queries for a while (it waits for a synchronous standby). Once all that ran
   * when the slot stood have ended, every later query sees all that the stream does not have.
   */
  async #waitForOpenTransactions(): Promise<void> {
    const { clock, scheduler, options, logger } = this.#context
    const limitMs = options.snapshot.openTransactionTimeoutMs
    const startMs = clock.monotonic()
    // A snapshot lists only those below its xmax, the last id that has ended: so end a later one
    // first.
    await this.#client.query('SELECT pg_current_xact_id()')
    const atSlot = await this.#currentSnapshot()
    let loggedMs = startMs
    for (;;) {
      const left = transactionsLeft(atSlot, await this.#currentSnapshot())
      if (left.length === 0) return
      const nowMs = clock.monotonic()
      if (nowMs - startMs >= limitMs) throw transactionOpen(await this.#nameOf(left), limitMs)
      if (nowMs - loggedMs >= waitLogMs) {
        loggedMs = nowMs
        const transactions = await this.#nameOf(left)
        logger.warn('the snapshot waits for open transactions', { transactions })
      }
      await delay(scheduler, transactionPollMs, this.#signal)
      this.#signal.throwIfAborted()
    }
  }

  async #currentSnapshot(): Promise<TransactionSnapshot> {
    const [row] = await this.#client.query('SELECT pg_current_snapshot() AS snapshot')
    return parseSnapshot(row?.['snapshot'] ?? '')
  }

  /** Who holds the transactions, for people. */
  async #nameOf(transactions: readonly number[]): Promise<readonly string[]> {
    const ids = transactions.map((id) => `'${id % 2 ** 32}'`).join(', ')
    const rows = await this.#client.query(`
      SELECT 'process ' || pid || ' (' || application_name || ')' AS name
      FROM pg_stat_activity WHERE backend_xid IN (${ids})
      UNION ALL SELECT 'prepared transaction ' || gid FROM pg_prepared_xacts
      WHERE transaction IN (${ids})`)
    return rows.map((row) => row['name'] ?? '')
  }

  async #plan(
    tables: readonly TableDescription[],
    snapshot: boolean,
  ): Promise<readonly PlannedTable[]> {
    const { options, types } = this.#context
    const planned: PlannedTable[] = []
    for (const table of tables) {
      await types.load(
        this.#client,
        table.relation.columns.map((column) => column.typeOid),
      )
      const { chunkRows } = options.snapshot
      planned.push({
        table: table.relation.table,
        key: table.key,
        schema: schemaFingerprint(table.relation),
        bounds: snapshot ? await planChunks(this.#client, table, chunkRows) : [],
        next: 0,
        finished: [],
      })
    }
    return planned
  }
}

const slotPollMs = 100
const transactionPollMs = 20
const waitLogMs = 10_000

interface SlotPosition {
  readonly systemId: string
  readonly lsn: string
}

function transactionOpen(names: readonly string[], limitMs: number): FlinktsError {
  return new FlinktsError(
    'FLINKTS_POSTGRES_TRANSACTION_OPEN',
    `transactions are still open after ${limitMs} ms: ${names.join(', ')}`,
    {
      hint:
        'A snapshot starts only after the transactions that were open at its start. End them ' +
        '(COMMIT, ROLLBACK, ROLLBACK PREPARED, or pg_terminate_backend), or raise the option ' +
        '"snapshot.openTransactionTimeoutMs".',
    },
  )
}
