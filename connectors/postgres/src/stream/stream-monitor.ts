import { delay, messageOf } from '@flinkts/core/connector'
import type { MetricGroup } from '@flinkts/core/connector'
import type { PostgresClient } from '../client.ts'
import type { Lsn } from '../records/lsn.ts'
import { parseLsn } from '../records/lsn.ts'
import { readSlot } from '../catalog/slot.ts'
import { parseSnapshot } from '../snapshot/visibility.ts'
import type { SourceContext } from '../runtime/source-context.ts'

/** How often the end of the filter is looked for, which is soon after the snapshot. */
const joinPollMs = 1_000

/**
 * Watches beside the stream: how far the slot is behind, whether it is in danger, and where the
 * snapshot is joined for good. Trouble of its own connection is only logged: the stream tells what
 * is serious.
 *
 * @internal
 */
export class StreamMonitor {
  readonly #context: SourceContext
  readonly #closing = new AbortController()
  readonly #onJoin: (lsn: Lsn) => void
  /** No snapshot saw a transaction from it on; undefined: the join is known. */
  #unseenFrom: number | undefined
  #client: PostgresClient | undefined
  #lagBytes = 0
  #retainedBytes = 0
  #endangered = false
  #nextLagMs = 0
  #nextHeartbeatMs = 0

  /**
   * @param unseenFrom - The largest `xmax` of the snapshots; undefined: there is nothing to join.
   * @param onJoin - Told once: transactions that commit at or after this position are in no
   * snapshot.
   */
  constructor(
    context: SourceContext,
    metrics: MetricGroup,
    unseenFrom: number | undefined,
    onJoin: (lsn: Lsn) => void,
  ) {
    this.#context = context
    this.#unseenFrom = unseenFrom
    this.#onJoin = onJoin
    metrics.gauge('lagBytes', () => this.#lagBytes)
    metrics.gauge('retainedBytes', () => this.#retainedBytes)
    metrics.gauge('slotEndangered', () => (this.#endangered ? 1 : 0))
    void this.#run()
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#client?.close()
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing
    const { scheduler, logger } = this.#context
    while (!signal.aborted) {
      try {
        this.#client ??= await this.#context.connect('monitor', signal)
        await this.#look(this.#client)
      } catch (failure) {
        await this.#client?.close()
        this.#client = undefined
        if (!signal.aborted) logger.debug('cannot watch the slot', { reason: messageOf(failure) })
      }
      await delay(scheduler, this.#intervalMs(), signal)
    }
    await this.#client?.close()
  }

  #intervalMs(): number {
    const { lagIntervalMs, heartbeatIntervalMs } = this.#context.options.stream
    const joinMs = this.#unseenFrom === undefined ? lagIntervalMs : joinPollMs
    return Math.min(joinMs, lagIntervalMs, heartbeatIntervalMs ?? lagIntervalMs)
  }

  async #look(client: PostgresClient): Promise<void> {
    if (this.#unseenFrom !== undefined) await this.#lookForJoin(client, this.#unseenFrom)
    const nowMs = this.#context.clock.monotonic()
    const { lagIntervalMs, heartbeatIntervalMs } = this.#context.options.stream
    if (nowMs >= this.#nextLagMs) {
      this.#nextLagMs = nowMs + lagIntervalMs
      await this.#lookAtSlot(client)
    }
    if (heartbeatIntervalMs === undefined || nowMs < this.#nextHeartbeatMs) return
    this.#nextHeartbeatMs = nowMs + heartbeatIntervalMs
    await client.query(`SELECT pg_logical_emit_message(true, 'flinkts', '')`)
  }

  /**
   * Once every transaction below `unseenFrom` has ended, all that commits from then on is newer
   * than every snapshot. The position is read after the snapshot of the same statement was taken.
   */
  async #lookForJoin(client: PostgresClient, unseenFrom: number): Promise<void> {
    const [row] = await client.query(
      'SELECT pg_current_snapshot() AS snapshot, pg_current_wal_insert_lsn() AS lsn',
    )
    if (parseSnapshot(row?.['snapshot'] ?? '').xmin < unseenFrom) return
    this.#unseenFrom = undefined
    this.#onJoin(parseLsn(row?.['lsn'] ?? ''))
  }

  async #lookAtSlot(client: PostgresClient): Promise<void> {
    const slot = await readSlot(client, this.#context.slot)
    if (slot === undefined) return
    this.#lagBytes = slot.lagBytes
    this.#retainedBytes = slot.retainedBytes
    const endangered = slot.walStatus === 'unreserved' || slot.walStatus === 'lost'
    if (endangered && !this.#endangered) {
      const { walStatus, retainedBytes } = slot
      const fields = { slot: slot.slot, walStatus, retainedBytes }
      this.#context.logger.warn('the slot is about to be lost: the server removes its WAL', fields)
    }
    this.#endangered = endangered
  }
}
