import type {
  Finding,
  PreflightContext,
  Serializer,
  Source,
  SourceProver,
  SourceReader,
  SourceReaderContext,
  SourceSplit,
  SplitEnumerator,
  SplitEnumeratorContext,
} from '@flinkts/core/connector'
import type { Change } from './records/change.ts'
import type { Removed, SourceOwner } from './catalog/removal.ts'
import { removeFrom } from './catalog/removal.ts'
import type { PostgresDriver } from './client.ts'
import { postgresDriver } from './client.ts'
import type { EnumeratorState } from './state/enumerator-state.ts'
import { enumeratorStateSerializer } from './state/enumerator-state.ts'
import { PostgresEnumerator } from './enumerator.ts'
import { sourceReports } from './runtime/conformance.ts'
import { applicationName, defaultName } from './runtime/names.ts'
import type { PostgresCdcOptions, ResolvedPostgresCdcOptions } from './options.ts'
import { resolvePostgresCdcOptions } from './options.ts'
import type { Problem } from './catalog/problem.ts'
import { examine, problemOf } from './preflight.ts'
import type { SourcePlace } from './runtime/source-context.ts'
import { SourceContext } from './runtime/source-context.ts'
import { PostgresReader } from './source-reader.ts'
import type { PostgresSplit } from './split.ts'
import { splitSerializer } from './split.ts'
import { TypeCatalog } from './values/type-catalog.ts'

/**
 * The rows of Postgres tables, and then every change of them, each exactly once in what a job
 * commits.
 *
 * @throws FlinktsError FLINKTS_OPTION_INVALID
 * @public
 */
export function postgresCdc(
  options: PostgresCdcOptions,
): Source<Change, SourceSplit, unknown, true> {
  return new PostgresSource(resolvePostgresCdcOptions(options), postgresDriver)
}

/**
 * Drops what a source has left on the server: its slot, and its publication unless
 * `managePublication` is false. Call it once the job is never to run again; no checkpoint of it can
 * be restored afterwards.
 *
 * @param owner - The job and operator that the names were made from; needless with `options.slot`.
 * @throws FlinktsError FLINKTS_POSTGRES_SLOT_IN_USE while the job runs, FLINKTS_OPTION_INVALID
 * @public
 */
export function dropSlotAndPublication(
  options: PostgresCdcOptions,
  owner?: SourceOwner,
): Promise<Removed> {
  return removeFrom(postgresDriver, options, owner)
}

class PostgresSource implements Source<Change, PostgresSplit, EnumeratorState, true> {
  readonly description: string
  readonly boundedness: 'bounded' | 'continuous-unbounded'
  readonly replayable = true
  readonly mechanism: string
  readonly conformance: readonly string[]
  /** Of the rows that exist now; absent where none of them are read. */
  readonly prover?: () => Promise<SourceProver<Change>>
  readonly splitSerializer: Serializer<PostgresSplit> = splitSerializer
  readonly enumeratorStateSerializer: Serializer<EnumeratorState> = enumeratorStateSerializer
  readonly #options: ResolvedPostgresCdcOptions
  readonly #driver: PostgresDriver

  constructor(options: ResolvedPostgresCdcOptions, driver: PostgresDriver) {
    const bounded = options.mode === 'snapshot-only'
    this.#options = options
    this.#driver = driver
    this.description = `postgres tables ${options.tables.join(', ')}`
    this.boundedness = bounded ? 'bounded' : 'continuous-unbounded'
    this.conformance = sourceReports(options)
    if (options.mode !== 'stream-only') this.prover = () => this.#provesRows()
    this.mechanism = bounded
      ? 'chunks by key, each resumed at its last key'
      : 'replication slot, acknowledged from checkpoints; snapshot by key ranges'
  }

  createEnumerator(
    context: SplitEnumeratorContext<PostgresSplit>,
    restored: EnumeratorState | undefined,
  ): SplitEnumerator<PostgresSplit, EnumeratorState> {
    return new PostgresEnumerator(context, this.#context(context), restored)
  }

  createReader(context: SourceReaderContext): SourceReader<Change, PostgresSplit> {
    return new PostgresReader(context, this.#context(context))
  }

  async preflight(context: PreflightContext): Promise<readonly Finding[]> {
    const problems = await this.#examine(context)
    return problems.map(({ severity, code, message, hint }) => ({ severity, code, message, hint }))
  }

  async #examine(context: PreflightContext): Promise<readonly Problem[]> {
    const { connection, tables, managePublication, mode } = this.#options
    const slot = this.#options.slot ?? defaultName(context.jobName, context.operatorId)
    const publication = this.#options.publication ?? slot
    const streamed = mode !== 'snapshot-only'
    try {
      const client = await this.#driver.connect(connection, {
        applicationName: applicationName(context, 'preflight'),
        signal: context.signal,
        types: new TypeCatalog(),
      })
      try {
        const target = { tables, slot, publication, managePublication, streamed }
        return (await examine(client, target)).problems
      } finally {
        await client.close()
      }
    } catch (failure) {
      return [problemOf(failure)]
    }
  }

  /** They are read without a slot. */
  #provesRows(): Promise<SourceProver<Change>> {
    const options = { ...this.#options, mode: 'snapshot-only' } as const
    return Promise.resolve({ createSource: () => new PostgresSource(options, this.#driver) })
  }

  #context(place: SourcePlace): SourceContext {
    const types = new TypeCatalog({ json: this.#options.json })
    return new SourceContext(this.#options, this.#driver, types, place)
  }
}
