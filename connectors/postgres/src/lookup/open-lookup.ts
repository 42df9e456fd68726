import type {
  AsyncContext,
  Counter,
  OpenAsyncFunction,
  SubtaskContext,
} from '@flinkts/core/connector'
import type { PostgresClient } from '../client.ts'
import type { Row } from '../records/change.ts'
import { KeyLoader } from './key-loader.ts'
import type { KeyRequest } from './key-loader.ts'
import { LookupCache } from './lookup-cache.ts'
import { LookupConnection } from './lookup-connection.ts'
import { tooManyRows } from './lookup-query.ts'
import type { LookupQuery } from './lookup-query.ts'
import { keyInvalid } from './lookup-table.ts'
import type { ResolvedPostgresLookupOptions } from './options.ts'

/** @internal */
export interface OpenLookupParts {
  readonly options: ResolvedPostgresLookupOptions
  readonly query: LookupQuery
  readonly context: Pick<SubtaskContext, 'clock' | 'scheduler' | 'logger' | 'metrics'>
  /** A connection that is ready. */
  readonly client: PostgresClient
  /** Makes another one. */
  readonly connect: () => Promise<PostgresClient>
  /** Gives up connections that are being made. */
  readonly closing: AbortController
}

/** A lookup of one subtask. Runs on the task's thread. @internal */
export class OpenLookup<In extends object, Out> implements OpenAsyncFunction<In, Out> {
  readonly #parts: OpenLookupParts
  readonly #cache: LookupCache | undefined
  readonly #loader: KeyLoader
  readonly #cacheHits: Counter

  constructor(parts: OpenLookupParts) {
    const { options, context } = parts
    const { clock, scheduler, logger, metrics } = context
    this.#parts = parts
    this.#cache = options.cache === undefined ? undefined : new LookupCache(options.cache)
    this.#cacheHits = metrics.counter('cacheHits')
    this.#loader = new KeyLoader({
      connections: this.#connections(),
      batchKeysMax: options.batchKeysMax,
      backoff: { options, scheduler, logger },
      clock,
      onFound: ({ name }, rows, askedMs) => {
        if (rows.length <= options.rowsPerKeyMax) this.#cache?.set(name, rows, askedMs)
      },
    })
  }

  call(record: In, { signal }: AsyncContext): Promise<Out> | Out {
    const request = this.#requestOf(record)
    if (request === undefined) return this.#result(record, [])
    const cached = this.#cache?.get(request.name, this.#parts.context.clock.monotonic())
    if (cached !== undefined) {
      this.#cacheHits.add()
      return this.#result(record, cached)
    }
    return this.#load(record, request, signal)
  }

  close(): Promise<void> {
    this.#parts.closing.abort()
    return this.#loader.close()
  }

  async #load(record: In, request: KeyRequest, signal: AbortSignal): Promise<Out> {
    const rows = await this.#loader.load(request, signal)
    if (rows.length > this.#parts.options.rowsPerKeyMax) {
      throw tooManyRows(this.#parts.options, request.key)
    }
    return this.#result(record, rows)
  }

  #result(record: In, rows: readonly Row[]): Out {
    return this.#parts.options.result(record, rows) as Out
  }

  /** @returns undefined if no row can have the key: SQL's null is equal to nothing. */
  #requestOf(record: In): KeyRequest | undefined {
    const { options, query } = this.#parts
    const key: string[] = []
    for (const [index, column] of query.key.entries()) {
      const value = options.key[index]?.valueOf(record)
      if (value === null || value === undefined) return undefined
      const text = column.encode(value)
      if (text === undefined) throw keyInvalid(options.table, column.name, value)
      key.push(text)
    }
    return { name: key.join('\0'), key }
  }

  #connections(): readonly LookupConnection[] {
    const { options, query, context, client, connect } = this.#parts
    const { metrics, clock, scheduler } = context
    const parts = {
      ...{ query, connect, clock, scheduler },
      table: options.table,
      queryTimeoutMs: options.queryTimeoutMs,
      queries: metrics.counter('queries'),
      keys: metrics.counter('keys'),
    }
    return Array.from(
      { length: options.connectionsMax },
      (_, index) => new LookupConnection(parts, index === 0 ? client : undefined),
    )
  }
}
