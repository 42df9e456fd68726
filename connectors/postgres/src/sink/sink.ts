import type {
  ConnectorContext,
  Finding,
  PreflightContext,
  Serializer,
  Sink,
  SubtaskContext,
} from '@flinkts/core/connector'
import type { PostgresClient, PostgresDriver } from '../client.ts'
import { postgresDriver } from '../client.ts'
import { throwFirst } from '../catalog/problem.ts'
import type { Problem } from '../catalog/problem.ts'
import { problemOf } from '../preflight.ts'
import { applicationName } from '../runtime/names.ts'
import { TypeCatalog } from '../values/type-catalog.ts'
import { committableSerializer } from './committable.ts'
import type { PostgresCommittable } from './committable.ts'
import { PostgresCommitter } from './committer.ts'
import { EpochWriter } from './epoch-writer.ts'
import { ensureLedger } from './ledger.ts'
import { resolvePostgresSinkOptions } from './options.ts'
import type { PostgresSinkOptions, ResolvedPostgresSinkOptions } from './options.ts'
import { removeOrphans } from './orphans.ts'
import { examineSink } from './preflight.ts'
import { writerName } from './transaction-name.ts'
import { WriterSession } from './writer-session.ts'
import { AppendWriter, TwoPhaseWriter } from './writers.ts'

/**
 * Writes records as rows of Postgres tables: exactly once with the mode `twoPhase`, at least once
 * with `append`.
 *
 * @throws FlinktsError FLINKTS_OPTION_INVALID
 * @public
 */
export function postgresSink<In extends object>(
  options: PostgresSinkOptions<In> & { readonly mode: 'twoPhase' },
): Sink<In, PostgresCommittable, 'exactly-once', never>
/** With `append`: at least once. @public */
export function postgresSink<In extends object>(
  options: PostgresSinkOptions<In> & { readonly mode: 'append' },
): Sink<In, never, 'at-least-once', never>
export function postgresSink<In extends object>(
  options: PostgresSinkOptions<In>,
): Sink<In, PostgresCommittable, 'exactly-once', never> | Sink<In, never, 'at-least-once', never> {
  return postgresSinkOver(postgresDriver, options)
}

/** The same over any driver: the seam for tests. @internal */
export function postgresSinkOver<In extends object>(
  driver: PostgresDriver,
  options: PostgresSinkOptions<In>,
): TwoPhaseSink<In> | AppendSink<In> {
  const target = new SinkTarget(resolvePostgresSinkOptions(options), driver)
  return target.options.mode === 'twoPhase' ? new TwoPhaseSink(target) : new AppendSink(target)
}

/** Where a sink writes to, and how to get there. */
class SinkTarget<In extends object> {
  readonly options: ResolvedPostgresSinkOptions<In>
  readonly #driver: PostgresDriver

  constructor(options: ResolvedPostgresSinkOptions<In>, driver: PostgresDriver) {
    this.options = options
    this.#driver = driver
  }

  get description(): string {
    const { tables, connection } = this.options
    const names = tables.length === 0 ? 'tables' : `tables ${tables.join(', ')}`
    return `postgres ${names} in ${connection.host}:${connection.port}/${connection.database}`
  }

  connect(name: string, types: TypeCatalog, signal?: AbortSignal): Promise<PostgresClient> {
    const context = { applicationName: name, types, signal }
    return this.#driver.connect(this.options.connection, context)
  }

  async preflight(context: PreflightContext): Promise<readonly Finding[]> {
    const problems = await this.#problems(context)
    return problems.map(({ severity, code, message, hint }) => ({ severity, code, message, hint }))
  }

  /** A connection that is ready to write, and rows on their way to it. */
  async openWriter(
    context: SubtaskContext,
    prepare: (client: PostgresClient) => Promise<void>,
  ): Promise<EpochWriter<In>> {
    const types = new TypeCatalog()
    const session = await WriterSession.open(() => this.#connectWriter(context, types))
    try {
      throwFirst(await this.#examine(session.client, types, context.parallelism))
      await prepare(session.client)
    } catch (error) {
      await session.close()
      throw error
    }
    const catalog = { types, json: this.options.json }
    return new EpochWriter({ session, catalog, options: this.options })
  }

  async #connectWriter(context: SubtaskContext, types: TypeCatalog): Promise<PostgresClient> {
    const client = await this.connect(writerName(context), types)
    try {
      await client.query(writerSettings(this.options.lockTimeoutMs))
      return client
    } catch (error) {
      await client.close()
      throw error
    }
  }

  async #problems(context: PreflightContext): Promise<readonly Problem[]> {
    const types = new TypeCatalog()
    try {
      const name = applicationName(context, 'preflight')
      const client = await this.connect(name, types, context.signal)
      try {
        return await this.#examine(client, types, context.parallelism)
      } finally {
        await client.close()
      }
    } catch (failure) {
      return [problemOf(failure)]
    }
  }

  #examine(
    client: PostgresClient,
    types: TypeCatalog,
    parallelism: number,
  ): Promise<readonly Problem[]> {
    const columns = this.options.columns?.map(({ column }) => column)
    return examineSink(client, { options: this.options, columns, parallelism, types })
  }
}

/**
 * Triggers get the search path that the database gives its users. A commit that is not on the disk
 * when it is acknowledged would be no commit.
 */
function writerSettings(lockTimeoutMs: number): string {
  return `RESET search_path; SET lock_timeout = ${lockTimeoutMs};
    SELECT set_config('synchronous_commit', 'on', false)
    WHERE current_setting('synchronous_commit') = 'off'`
}

class TwoPhaseSink<In extends object>
  implements Sink<In, PostgresCommittable, 'exactly-once', never>
{
  readonly description: string
  readonly guarantee = 'exactly-once'
  readonly mechanism = 'prepared transactions are committed after the checkpoint'
  readonly committableSerializer: Serializer<PostgresCommittable> = committableSerializer
  readonly #target: SinkTarget<In>

  constructor(target: SinkTarget<In>) {
    this.#target = target
    this.description = target.description
  }

  preflight(context: PreflightContext): Promise<readonly Finding[]> {
    return this.#target.preflight(context)
  }

  async createWriter(context: SubtaskContext): Promise<TwoPhaseWriter<In>> {
    const { ledger } = this.#target.options
    const { jobId, operatorId, attempt, subtask, scheduler, logger } = context
    const cleanUp = { place: { jobId, operatorId, attempt, subtask }, scheduler, logger }
    const rows = await this.#target.openWriter(context, async (client) => {
      await ensureLedger(client, ledger)
      if (subtask === 0) await removeOrphans(client, cleanUp)
    })
    return new TwoPhaseWriter(rows, { ledger, cleanUp })
  }

  async createCommitter(context: ConnectorContext): Promise<PostgresCommitter> {
    const name = applicationName(context, 'committer')
    return new PostgresCommitter({
      ledger: this.#target.options.ledger,
      connect: () => this.#target.connect(name, new TypeCatalog()),
    })
  }
}

class AppendSink<In extends object> implements Sink<In, never, 'at-least-once', never> {
  readonly description: string
  readonly guarantee = 'at-least-once'
  readonly mechanism = 'rows are committed at the checkpoint'
  readonly #target: SinkTarget<In>

  constructor(target: SinkTarget<In>) {
    this.#target = target
    this.description = target.description
  }

  preflight(context: PreflightContext): Promise<readonly Finding[]> {
    return this.#target.preflight(context)
  }

  async createWriter(context: SubtaskContext): Promise<AppendWriter<In>> {
    return new AppendWriter(await this.#target.openWriter(context, () => Promise.resolve()))
  }
}
