import { defined } from '@flinkts/core/connector'
import type {
  AsyncFunction,
  Finding,
  OpenAsyncFunction,
  PreflightContext,
  SubtaskContext,
} from '@flinkts/core/connector'
import { postgresDriver } from '../client.ts'
import type { PostgresClient } from '../client.ts'
import { throwFirst } from '../catalog/problem.ts'
import { problemOf } from '../preflight.ts'
import type { Row } from '../records/change.ts'
import { applicationName } from '../runtime/names.ts'
import { TypeCatalog } from '../values/type-catalog.ts'
import { examineLookup } from './lookup-table.ts'
import type { LookupExamination } from './lookup-table.ts'
import { OpenLookup } from './open-lookup.ts'
import { resolvePostgresLookupOptions } from './options.ts'
import type { PostgresLookupOptions, ResolvedPostgresLookupOptions } from './options.ts'

/**
 * A function for `mapAsync` that puts a record together with the rows of a table that have its key,
 * as the table is when the record is looked up. What is found is not part of any checkpoint: after
 * a failure, records whose result was not in one are looked up again, and may find other rows.
 *
 * @throws FlinktsError FLINKTS_OPTION_INVALID
 * @public
 */
export function postgresLookup<In extends object, Out, Found extends object = Row>(
  options: PostgresLookupOptions<In, Found, Out>,
): AsyncFunction<In, Out> {
  return new PostgresLookup(resolvePostgresLookupOptions(options))
}

class PostgresLookup<In extends object, Out> implements AsyncFunction<In, Out> {
  readonly #options: ResolvedPostgresLookupOptions

  constructor(options: ResolvedPostgresLookupOptions) {
    this.#options = options
  }

  async preflight(context: PreflightContext): Promise<readonly Finding[]> {
    const { problems } = await this.#examine(context)
    return problems.map(({ severity, code, message, hint }) => ({ severity, code, message, hint }))
  }

  async open(context: SubtaskContext): Promise<OpenAsyncFunction<In, Out>> {
    const types = new TypeCatalog({ json: this.#options.json })
    const closing = new AbortController()
    const connect = (): Promise<PostgresClient> =>
      this.#connect(applicationName(context, 'lookup'), types, closing.signal)
    const client = await connect()
    try {
      const { problems, query } = await examineLookup(client, this.#options, types)
      throwFirst(problems)
      const found = defined(query, 'a table without problems has a query')
      return new OpenLookup({
        options: this.#options,
        query: found,
        context,
        client,
        connect,
        closing,
      })
    } catch (failure) {
      await client.close()
      throw failure
    }
  }

  async #examine(context: PreflightContext): Promise<Pick<LookupExamination, 'problems'>> {
    const types = new TypeCatalog({ json: this.#options.json })
    try {
      const name = applicationName(context, 'preflight')
      const client = await this.#connect(name, types, context.signal)
      try {
        return await examineLookup(client, this.#options, types)
      } finally {
        await client.close()
      }
    } catch (failure) {
      return { problems: [problemOf(failure)] }
    }
  }

  /** The session finds operators, and sees rows, as any other of its role. */
  async #connect(name: string, types: TypeCatalog, signal: AbortSignal): Promise<PostgresClient> {
    const { connection, queryTimeoutMs } = this.#options
    const client = await postgresDriver.connect(connection, {
      applicationName: name,
      types,
      signal,
    })
    try {
      await client.query(
        `RESET search_path; RESET row_security; SET statement_timeout = ${queryTimeoutMs}`,
      )
      return client
    } catch (failure) {
      await client.close()
      throw failure
    }
  }
}
