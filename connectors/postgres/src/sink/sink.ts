import type {
  ConnectorContext,
  Finding,
  PreflightContext,
  Serializer,
  Sink,
  SinkProver,
  SubtaskContext,
} from '@flinkts/core/connector'
import type { PostgresDriver } from '../client.ts'
import { postgresDriver } from '../client.ts'
import { sinkReports } from '../runtime/conformance.ts'
import { committableSerializer } from './committable.ts'
import type { PostgresCommittable } from './committable.ts'
import { PostgresCommitter } from './committer.ts'
import { writeBatch } from './batch-statements.ts'
import { EpochWriter } from './epoch-writer.ts'
import type { WriteBatch } from './epoch-writer.ts'
import { preparedHolding, stagedHolding } from './holding.ts'
import { ledgerTable } from './ledger.ts'
import { resolvePostgresSinkOptions } from './options.ts'
import type {
  PostgresSinkMode,
  PostgresSinkOptions,
  ResolvedPostgresSinkOptions,
} from './options.ts'
import { removeOrphans } from './orphans.ts'
import { ensureOwnTable } from './own-table.ts'
import { PostgresSinkProver } from './prover.ts'
import { SinkTarget } from './sink-target.ts'
import { stagingTable } from './staging.ts'
import { FlushingWriter, HoldingWriter } from './writers.ts'

/**
 * Writes records as rows of Postgres tables: exactly once with the modes `twoPhase`, `staged` and
 * `auto`, effectively once with `upsert`, at least once with `append`.
 *
 * @throws FlinktsError FLINKTS_OPTION_INVALID
 * @public
 */
export function postgresSink<In extends object>(
  options: PostgresSinkOptions<In> & { readonly mode: 'twoPhase' | 'staged' | 'auto' },
): Sink<In, PostgresCommittable, 'exactly-once', never>
/** With `upsert`: effectively once. @public */
export function postgresSink<In extends object>(
  options: PostgresSinkOptions<In> & { readonly mode: 'upsert' },
): Sink<In, never, 'effectively-once', never>
/** With `append`: at least once. @public */
export function postgresSink<In extends object>(
  options: PostgresSinkOptions<In> & { readonly mode: 'append' },
): Sink<In, never, 'at-least-once', never>
export function postgresSink<In extends object>(
  options: PostgresSinkOptions<In>,
):
  | Sink<In, PostgresCommittable, 'exactly-once', never>
  | Sink<In, never, 'effectively-once' | 'at-least-once', never> {
  return postgresSinkOver(postgresDriver, options)
}

type AnySink<In extends object> =
  | HoldingSink<In>
  | FlushingSink<In, 'effectively-once'>
  | FlushingSink<In, 'at-least-once'>

/** The same over any driver: the seam for tests. @internal */
export function postgresSinkOver<In extends object>(
  driver: PostgresDriver,
  options: PostgresSinkOptions<In>,
): AnySink<In> {
  return sinkOf(driver, resolvePostgresSinkOptions(options))
}

function sinkOf<In extends object>(
  driver: PostgresDriver,
  options: ResolvedPostgresSinkOptions<In>,
): AnySink<In> {
  const target = new SinkTarget(options, driver)
  const prover = new PostgresSinkProver(options, driver, (copied) => sinkOf(driver, copied))
  const { mode } = options
  if (mode === 'append') return new FlushingSink({ target, prover, guarantee: 'at-least-once' })
  if (mode === 'upsert') return new FlushingSink({ target, prover, guarantee: 'effectively-once' })
  return new HoldingSink({ target, prover })
}

const mechanisms: Readonly<Record<PostgresSinkMode, string>> = {
  twoPhase: 'prepared transactions are committed after the checkpoint',
  staged: 'staged rows are moved into the tables after the checkpoint',
  auto: 'prepared transactions are committed, or staged rows moved, after the checkpoint',
  upsert: 'rows are written by key, and committed at the checkpoint',
  append: 'rows are committed at the checkpoint',
}

/** What all sinks are made of. */
interface SinkParts<In extends object> {
  readonly target: SinkTarget<In>
  readonly prover: SinkProver<In>
}

class HoldingSink<In extends object>
  implements Sink<In, PostgresCommittable, 'exactly-once', never>
{
  readonly description: string
  readonly guarantee = 'exactly-once'
  readonly mechanism: string
  readonly conformance: readonly string[]
  readonly committableSerializer: Serializer<PostgresCommittable> = committableSerializer
  readonly #target: SinkTarget<In>
  readonly #prover: SinkProver<In>

  constructor({ target, prover }: SinkParts<In>) {
    this.#target = target
    this.#prover = prover
    this.description = target.description
    this.mechanism = mechanisms[target.options.mode]
    this.conformance = sinkReports(target.options)
  }

  preflight(context: PreflightContext): Promise<readonly Finding[]> {
    return this.#target.preflight(context)
  }

  prover(): Promise<SinkProver<In>> {
    return Promise.resolve(this.#prover)
  }

  async createWriter(context: SubtaskContext): Promise<HoldingWriter<In>> {
    const { options } = this.#target
    const { ledger, staging } = options
    const { jobId, operatorId, attempt, subtask, scheduler, logger } = context
    const cleanUp = { place: { jobId, operatorId, attempt, subtask }, scheduler, logger }
    return this.#target.openWriter(context, async ({ session, targets, held }) => {
      await ensureOwnTable(session.client, ledgerTable(ledger))
      if (held === 'staged') await ensureOwnTable(session.client, stagingTable(staging))
      if (subtask === 0) {
        if (options.mode === 'auto') logger.info('the mode "auto" has chosen', { held })
        await removeOrphans(session.client, cleanUp, staging)
      }
      const holdingOf = held === 'staged' ? stagedHolding : preparedHolding
      const holding = holdingOf({ ledger, staging, cleanUp, targets })
      const rows = new EpochWriter({ session, targets, options, writeBatch: holding.writeBatch })
      const watched = held !== 'staged' && subtask === 0
      const watch = watched ? this.#target.watchPrepared(context) : undefined
      return new HoldingWriter(rows, holding, watch)
    })
  }

  leftBehind(context: ConnectorContext): Promise<readonly Finding[]> {
    return this.#target.leftBehind(context)
  }

  async createCommitter(context: ConnectorContext): Promise<PostgresCommitter> {
    const { ledger, staging } = this.#target.options
    return new PostgresCommitter({
      ledger,
      staging,
      connect: () => this.#target.connectCommitter(context),
    })
  }
}

class FlushingSink<In extends object, Guarantee extends 'effectively-once' | 'at-least-once'>
  implements Sink<In, never, Guarantee, never>
{
  readonly description: string
  readonly guarantee: Guarantee
  readonly mechanism: string
  readonly conformance: readonly string[]
  readonly #target: SinkTarget<In>
  readonly #prover: SinkProver<In>

  constructor({ target, prover, guarantee }: SinkParts<In> & { readonly guarantee: Guarantee }) {
    this.#target = target
    this.#prover = prover
    this.description = target.description
    this.guarantee = guarantee
    this.mechanism = mechanisms[target.options.mode]
    this.conformance = sinkReports(target.options)
  }

  preflight(context: PreflightContext): Promise<readonly Finding[]> {
    return this.#target.preflight(context)
  }

  prover(): Promise<SinkProver<In>> {
    return Promise.resolve(this.#prover)
  }

  createWriter(context: SubtaskContext): Promise<FlushingWriter<In>> {
    const { options } = this.#target
    return this.#target.openWriter(context, async ({ session, targets }) => {
      const write: WriteBatch = (client, batch) => writeBatch(client, batch, targets)
      return new FlushingWriter(new EpochWriter({ session, targets, options, writeBatch: write }))
    })
  }
}
