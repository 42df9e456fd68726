import { delay } from '@flinkts/core/connector'
import type { SubtaskContext } from '@flinkts/core/connector'
import type { PostgresClient } from '../client.ts'
import { isOfOperator } from './transaction-name.ts'

/** So the warning comes at most a fifth of the limit late. */
const looksPerLimit = 5

/** @internal */
export interface PreparedWatchParts {
  readonly context: Pick<SubtaskContext, 'operatorId' | 'scheduler' | 'logger' | 'metrics'>
  /** The age that is worth a warning, in milliseconds. */
  readonly warnMs: number
  /** Makes a connection that may break without harm. */
  connect(signal: AbortSignal): Promise<PostgresClient>
}

interface Prepared {
  readonly name: string
  readonly ageMs: number
}

/**
 * Looks now and then how long transactions of an operator have been prepared, in whichever run:
 * they hold locks and keep `VACUUM` from cleaning up. Looks on the server, because whoever prepared
 * one may be gone; a look that fails says so and stops nothing.
 *
 * @internal
 */
export class PreparedWatch {
  readonly #parts: PreparedWatchParts
  readonly #closing = new AbortController()
  readonly #warned = new Set<string>()
  readonly #watching: Promise<void>
  /** As of the last look. */
  #prepared: readonly Prepared[] = []
  #client: PostgresClient | undefined

  constructor(parts: PreparedWatchParts) {
    this.#parts = parts
    const { metrics } = parts.context
    metrics.gauge('preparedTransactions', () => this.#prepared.length)
    metrics.gauge('oldestPreparedMs', () => this.#prepared[0]?.ageMs ?? 0)
    this.#watching = this.#watch()
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#disconnect()
    await this.#watching
  }

  async #watch(): Promise<void> {
    const { context, warnMs } = this.#parts
    const { signal } = this.#closing
    for (;;) {
      await delay(context.scheduler, warnMs / looksPerLimit, signal)
      if (signal.aborted) return
      try {
        await this.#look()
      } catch (cause) {
        if (signal.aborted) return
        context.logger.warn('prepared transactions could not be looked at', { cause })
      }
    }
  }

  async #look(): Promise<void> {
    const { context } = this.#parts
    this.#client = await this.#parts.connect(this.#closing.signal)
    try {
      const found = await preparedBy(this.#client)
      this.#prepared = found.filter(({ name }) => isOfOperator(name, context))
    } finally {
      await this.#disconnect()
    }
    this.#warn()
  }

  /** Once for each. */
  #warn(): void {
    const { context, warnMs } = this.#parts
    const old = this.#prepared.filter(
      ({ name, ageMs }) => ageMs >= warnMs && !this.#warned.has(name),
    )
    const [oldest] = old
    if (oldest === undefined) return
    for (const { name } of old) this.#warned.add(name)
    context.logger.warn('transactions have been prepared for long, and hold locks', {
      transactions: old.map(({ name }) => name).join(', '),
      oldestMs: oldest.ageMs,
      hint:
        'Those of this run are committed when a checkpoint completes: see why none does. Those ' +
        'of a run that is never continued are ended by ROLLBACK PREPARED, and lose their rows.',
    })
  }

  async #disconnect(): Promise<void> {
    const client = this.#client
    this.#client = undefined
    await client?.close()
  }
}

/** All of the database, the oldest first. */
async function preparedBy(client: PostgresClient): Promise<readonly Prepared[]> {
  const rows = await client.query(
    `SELECT gid, (1000 * extract(epoch FROM clock_timestamp() - prepared))::int8 AS age
     FROM pg_prepared_xacts WHERE database = current_database() ORDER BY prepared`,
  )
  return rows.map((row) => ({ name: row['gid'] ?? '', ageMs: Number(row['age']) }))
}
