import type {
  ConnectorContext,
  Finding,
  PreflightContext,
  Scheduler,
  SubtaskContext,
} from '@flinkts/core/connector'
import type { PostgresClient, PostgresDriver } from '../client.ts'
import { throwFirst } from '../catalog/problem.ts'
import type { Problem } from '../catalog/problem.ts'
import { problemOf } from '../preflight.ts'
import { applicationName } from '../runtime/names.ts'
import { TypeCatalog } from '../values/type-catalog.ts'
import type { CommitConnection } from './committer.ts'
import type { ResolvedPostgresSinkOptions } from './options.ts'
import { endEarlierAttempts, leftBehind } from './orphans.ts'
import { examineSink } from './preflight.ts'
import type { Examination } from './preflight.ts'
import { PreparedWatch } from './prepared-watch.ts'
import { TargetTables } from './target-tables.ts'
import { committerName, writerName } from './transaction-name.ts'
import { WriterSession } from './writer-session.ts'

/** What a writer starts with. @internal */
export interface OpenTarget {
  /** Its connection, ready to write. */
  readonly session: WriterSession
  readonly targets: TargetTables
  /** How rows are to be held back, if they are. */
  readonly held: Examination['held']
}

/** Where a sink writes to, and how to get there. @internal */
export class SinkTarget<In extends object> {
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

  async preflight(context: PreflightContext): Promise<readonly Finding[]> {
    const problems = await this.#problems(context)
    return problems.map(({ severity, code, message, hint }) => ({ severity, code, message, hint }))
  }

  /** What `open` makes of a connection that is ready to write; if it fails, that is closed. */
  async openWriter<T>(
    context: SubtaskContext,
    open: (target: OpenTarget) => Promise<T>,
  ): Promise<T> {
    const types = new TypeCatalog()
    const name = writerName(context)
    const { scheduler } = context
    const session = await WriterSession.open(() => this.#connectToWrite(name, types, scheduler))
    try {
      const { problems, held } = await this.#examine(session.client, types, context.parallelism)
      throwFirst(problems)
      return await open({ session, targets: this.#targets(types), held })
    } catch (error) {
      await session.close()
      throw error
    }
  }

  /** A connection that is ready to commit. */
  async connectCommitter(context: ConnectorContext): Promise<CommitConnection> {
    const types = new TypeCatalog()
    const { scheduler } = context
    const client = await this.#connectToWrite(committerName(context), types, scheduler)
    try {
      await endEarlierAttempts(client, { place: context, scheduler })
      return { client, targets: this.#targets(types) }
    } catch (error) {
      await client.close()
      throw error
    }
  }

  /** Looks after the age of what the operator has prepared, until it is closed. */
  watchPrepared(context: SubtaskContext): PreparedWatch {
    const { connection, preparedAgeWarnMs, statementTimeoutMs: timeoutMs } = this.options
    const { scheduler } = context
    return new PreparedWatch({
      context,
      warnMs: preparedAgeWarnMs,
      connect: (signal) =>
        this.#driver.connect(connection, {
          applicationName: applicationName(context, 'prepared'),
          types: new TypeCatalog(),
          deadline: { scheduler, timeoutMs },
          signal,
        }),
    })
  }

  /** What a job that has failed for good leaves. */
  async leftBehind(context: ConnectorContext): Promise<readonly Finding[]> {
    const types = new TypeCatalog()
    const client = await this.#driver.connect(this.options.connection, {
      applicationName: applicationName(context, 'left-behind'),
      types,
    })
    try {
      return await leftBehind(client, context)
    } finally {
      await client.close()
    }
  }

  #targets(types: TypeCatalog): TargetTables {
    return new TargetTables({ types, json: this.options.json })
  }

  async #connectToWrite(
    name: string,
    types: TypeCatalog,
    scheduler: Scheduler,
  ): Promise<PostgresClient> {
    const { connection, lockTimeoutMs, statementTimeoutMs: timeoutMs } = this.options
    const deadline = { scheduler, timeoutMs }
    const client = await this.#driver.connect(connection, {
      applicationName: name,
      types,
      deadline,
    })
    try {
      await client.query(writingSettings(lockTimeoutMs))
      return client
    } catch (error) {
      await client.close()
      throw error
    }
  }

  async #problems(context: PreflightContext): Promise<readonly Problem[]> {
    const types = new TypeCatalog()
    const { signal } = context
    try {
      const client = await this.#driver.connect(this.options.connection, {
        applicationName: applicationName(context, 'preflight'),
        types,
        signal,
      })
      try {
        const { problems } = await this.#examine(client, types, context.parallelism)
        return problems
      } finally {
        await client.close()
      }
    } catch (failure) {
      return [problemOf(failure)]
    }
  }

  #examine(client: PostgresClient, types: TypeCatalog, parallelism: number): Promise<Examination> {
    return examineSink(client, { options: this.options, parallelism, types })
  }
}

/**
 * Triggers get the search path that the database gives its users. A commit that is not on the disk
 * when it is acknowledged would be no commit.
 */
function writingSettings(lockTimeoutMs: number): string {
  return `RESET search_path; SET lock_timeout = ${lockTimeoutMs};
    SELECT set_config('synchronous_commit', 'on', false)
    WHERE current_setting('synchronous_commit') = 'off'`
}
