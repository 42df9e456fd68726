import type { Committer, SinkWriter, SubtaskContext } from '@flinkts/core/connector'
import { assert, defined } from '@flinkts/core/connector'
import type { PostgresConnection, PostgresDatabase } from '@flinkts/test-services'
import { postgresDriver } from '../../src/client.ts'
import type { PostgresClient, PostgresDriver } from '../../src/client.ts'
import type { PostgresCommittable, PostgresSinkOptions } from '../../src/index.ts'
import { postgresSinkOver } from '../../src/sink/sink.ts'
import { RecordingLogger } from './source-harness.ts'
import { subtaskContext } from './subtask-context.ts'

/** A row of most tests. */
export interface Item {
  readonly id: number
  readonly name?: string | null
}

/** What a test says of the sink's options; the connection is that of the database. */
export type SinkOptions<In extends object> = Partial<PostgresSinkOptions<In>>

/** A writer that takes part in checkpoints. */
export type HoldingItemWriter<In> = SinkWriter<In, PostgresCommittable> & {
  prepareCommit(checkpointId: number): Promise<readonly PostgresCommittable[]>
}

/** Writers and committers of one sink; all are closed when the test ends. */
export class SinkRun<In extends object = Item> implements AsyncDisposable {
  readonly logger: RecordingLogger = new RecordingLogger()
  readonly options: PostgresSinkOptions<In>
  readonly #driver: PostgresDriver
  readonly #open: { close(): Promise<void> }[] = []

  constructor(
    connection: PostgresConnection,
    options: SinkOptions<In> = {},
    driver: PostgresDriver = postgresDriver,
  ) {
    const { host, port, user, password, database } = connection
    this.options = {
      connection: { host, port, user, password, database },
      mode: 'twoPhase',
      table: 'items',
      ...options,
    }
    this.#driver = driver
  }

  context(place: Partial<SubtaskContext> = {}): SubtaskContext {
    return subtaskContext({ operatorId: 'rows', logger: this.logger, ...place })
  }

  async writer(place: Partial<SubtaskContext> = {}): Promise<SinkWriter<In>> {
    const sink = postgresSinkOver(this.#driver, this.options)
    const writer = await sink.createWriter(this.context(place))
    this.#open.push(writer)
    return writer
  }

  async holding(place: Partial<SubtaskContext> = {}): Promise<HoldingItemWriter<In>> {
    const writer = await this.writer(place)
    assert('prepareCommit' in writer, 'the sink takes part in checkpoints')
    return writer as HoldingItemWriter<In>
  }

  async committer(place: Partial<SubtaskContext> = {}): Promise<Committer<PostgresCommittable>> {
    const sink = postgresSinkOver(this.#driver, this.options)
    assert('createCommitter' in sink, 'the sink takes part in checkpoints')
    const committer = await sink.createCommitter(this.context(place))
    this.#open.push(committer)
    return committer
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#open.map((part) => part.close()))
  }
}

/** Writes records, waiting where the writer asks to. */
export async function writeAll<In>(writer: SinkWriter<In>, records: readonly In[]): Promise<void> {
  for (const record of records) await writer.write(record, { timestamp: undefined })
}

/** Writes records and prepares them. */
export async function prepared<In>(
  writer: HoldingItemWriter<In>,
  records: readonly In[],
  checkpointId = 1,
): Promise<readonly PostgresCommittable[]> {
  await writeAll(writer, records)
  const flushed = writer.flush(false)
  const committables = await writer.prepareCommit(checkpointId)
  await flushed
  return committables
}

/** As `prepared`, where that is one transaction. */
export async function preparedOne<In>(
  writer: HoldingItemWriter<In>,
  records: readonly In[],
): Promise<PostgresCommittable> {
  const [committable] = await prepared(writer, records)
  return defined(committable, 'a transaction was prepared')
}

/** The ids of the rows that everyone sees. */
export async function visibleIds(database: PostgresDatabase): Promise<readonly number[]> {
  const rows = await database.query<{ id: number }>('select id from items order by id')
  return rows.map(({ id }) => id)
}

/** The names of the prepared transactions of the database. */
export async function preparedNames(database: PostgresDatabase): Promise<readonly string[]> {
  const rows = await database.query<{ gid: string }>(
    'select gid from pg_prepared_xacts where database = current_database() order by gid',
  )
  return rows.map(({ gid }) => gid)
}

/** Where a statement fails: never sent, or done with its answer lost. */
export type Loss = 'before' | 'after'

/** Real connections, of which the next one to run such a statement breaks. */
export function breakingDriver(statement: string, loss: Loss): PostgresDriver {
  let broken = false
  return {
    ...postgresDriver,
    async connect(connection, context) {
      const client = await postgresDriver.connect(connection, context)
      return {
        get serverVersion() {
          return client.serverVersion
        },
        get processId() {
          return client.processId
        },
        query: (sql, parameters) => client.query(sql, parameters),
        copyIn: (sql, rows, what) => client.copyIn(sql, rows, what),
        copyRows: (sql, relation) => client.copyRows(sql, relation),
        close: () => client.close(),
        async execute(sql) {
          if (broken || !sql.startsWith(statement)) return client.execute(sql)
          broken = true
          if (loss === 'after') await client.execute(sql)
          return lostAnswer(client, sql)
        },
      }
    },
  }
}

/** What the driver throws if a connection ends while a statement runs. */
async function lostAnswer(client: PostgresClient, sql: string): Promise<string> {
  await client.close()
  return client.execute(sql)
}
