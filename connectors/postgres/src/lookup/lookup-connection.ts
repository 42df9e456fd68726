import { FlinktsError } from '@flinkts/core/connector'
import type { Clock, Counter, Scheduler } from '@flinkts/core/connector'
import type { PostgresClient } from '../client.ts'
import { isValueError, sqlStateOf } from '../connection/errors.ts'
import { withinDeadline } from '../connection/statement-deadline.ts'
import type { Row } from '../records/change.ts'
import type { KeyFinder } from './key-loader.ts'
import type { KeyValues, LookupQuery } from './lookup-query.ts'

/** @internal */
export interface LookupConnectionParts {
  readonly query: LookupQuery
  readonly table: string
  /** Makes a connection that is ready for look-ups. */
  readonly connect: () => Promise<PostgresClient>
  readonly queryTimeoutMs: number
  readonly clock: Clock
  readonly scheduler: Scheduler
  /** Queries that were sent, and the keys in them. */
  readonly queries: Counter
  readonly keys: Counter
}

/** The server stops the query by itself; it has so much longer to say so. */
const graceMs = 1_000

/**
 * A connection that is made when it is needed, and again after it was lost. One query at a time.
 * Runs on the task's thread.
 *
 * @internal
 */
export class LookupConnection implements KeyFinder {
  readonly #parts: LookupConnectionParts
  #client: PostgresClient | undefined
  #closed = false

  /** @param client - The one that the table was looked at with, if there is one. */
  constructor(parts: LookupConnectionParts, client?: PostgresClient) {
    this.#parts = parts
    this.#client = client
  }

  /**
   * The rows of each key, in the order of `keys`.
   *
   * @throws FlinktsError FLINKTS_POSTGRES_CONNECTION_FAILED and others of `toPostgresError`, which
   * say whether trying again may help; not FLINKTS_POSTGRES_QUERY_INTERRUPTED if it took too long
   */
  async find(keys: readonly KeyValues[]): Promise<readonly (readonly Row[])[]> {
    const client = await this.#connected()
    const { clock, scheduler, queryTimeoutMs, query } = this.#parts
    this.#parts.queries.add()
    this.#parts.keys.add(keys.length)
    const startMs = clock.monotonic()
    const deadline = { scheduler, timeoutMs: queryTimeoutMs + graceMs }
    let silent = false
    const giveUp = (): void => {
      silent = true
      void client.close()
    }
    try {
      return await withinDeadline(deadline, () => query.run(client, keys), giveUp)
    } catch (failure) {
      const stopped = sqlStateOf(failure) === queryCanceled
      const tookMs = clock.monotonic() - startMs
      if (stopped && tookMs >= queryTimeoutMs) throw this.#tooSlow(keys.length, failure)
      if (!isValueError(failure)) await this.#drop(client)
      throw silent ? this.#silent(failure) : failure
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#client?.close()
  }

  async #connected(): Promise<PostgresClient> {
    this.#client ??= await this.#parts.connect()
    if (this.#closed) await this.#client.close()
    return this.#client
  }

  async #drop(client: PostgresClient): Promise<void> {
    this.#client = undefined
    await client.close()
  }

  #tooSlow(keyCount: number, cause: unknown): FlinktsError {
    const { queryTimeoutMs, table } = this.#parts
    const message = `looking up ${keyCount} keys in table "${table}" took over ${queryTimeoutMs} ms`
    return new FlinktsError('FLINKTS_POSTGRES_LOOKUP_TOO_SLOW', `${message} (SQLSTATE 57014)`, {
      hint:
        'Look whether the columns of "key" have an index, and whether something locks the table; ' +
        'raise "queryTimeoutMs", or lower "batchKeysMax".',
      cause,
    })
  }

  #silent(cause: unknown): FlinktsError {
    const waitedMs = this.#parts.queryTimeoutMs + graceMs
    const message = `the server gave no answer to a lookup within ${waitedMs} ms`
    return new FlinktsError('FLINKTS_POSTGRES_CONNECTION_FAILED', message, {
      hint: 'Check whether the server is frozen, or the network is cut.',
      cause,
    })
  }
}

/** SQLSTATE of a statement that its timeout, or somebody, stopped. */
const queryCanceled = '57014'
