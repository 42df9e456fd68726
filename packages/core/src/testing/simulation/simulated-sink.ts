import { FlinktsError } from '../../common/errors.ts'
import type { Serializer } from '../../common/serializer.ts'
import type { CommitOutcome, Committer } from '../../connector/committer.ts'
import type { SubtaskContext } from '../../connector/context.ts'
import type { SinkWriter } from '../../connector/sink-writer.ts'
import type { Sink } from '../../connector/sink.ts'
import { jsonSerializer } from './json-serializer.ts'
import type { SimulatedIo } from './simulated-source.ts'

/** The name of a prepared transaction. @internal */
export interface SimulatedTransaction {
  readonly name: string
  readonly checkpointId: number
}

interface Prepared {
  readonly operatorId: string
  readonly attempt: number
  readonly records: readonly string[]
}

/**
 * The system that simulated sinks write to: transactions are prepared, committed once, or removed.
 * What is committed is visible, and stays in the order of the commits.
 *
 * @internal
 */
export class SimulatedTarget {
  /** What is visible, by sink. */
  readonly committed: Map<string, string[]> = new Map()
  readonly #prepared = new Map<string, Prepared>()
  readonly #done = new Set<string>()
  #newest = 0
  readonly #onCommit: (transaction: SimulatedTransaction) => void

  constructor(onCommit: (transaction: SimulatedTransaction) => void) {
    this.#onCommit = onCommit
  }

  /** Transactions that are neither committed nor removed. */
  get pending(): readonly string[] {
    return [...this.#prepared.keys()]
  }

  /** The newest attempt that prepared anything. */
  get newest(): number {
    return this.#newest
  }

  /** The attempt that prepared a pending transaction. */
  attemptOf(name: string): number | undefined {
    return this.#prepared.get(name)?.attempt
  }

  prepare(name: string, prepared: Prepared): void {
    this.#newest = Math.max(this.#newest, prepared.attempt)
    this.#prepared.set(name, prepared)
  }

  commit(transaction: SimulatedTransaction): 'committed' | 'already-committed' {
    const { name } = transaction
    if (this.#done.has(name)) return 'already-committed'
    const prepared = this.#prepared.get(name)
    if (prepared === undefined) {
      throw new FlinktsError('FLINKTS_COMMIT_REJECTED', `transaction "${name}" is gone`)
    }
    this.#onCommit(transaction)
    this.#prepared.delete(name)
    this.#done.add(name)
    const visible = this.committed.get(prepared.operatorId) ?? []
    visible.push(...prepared.records)
    this.committed.set(prepared.operatorId, visible)
    return 'committed'
  }

  /** Removes what earlier attempts of the sink left behind. */
  removeOrphans(operatorId: string, attempt: number): void {
    for (const [name, prepared] of this.#prepared) {
      if (prepared.operatorId === operatorId && prepared.attempt < attempt) {
        this.#prepared.delete(name)
      }
    }
  }
}

/** A two-phase-commit sink over a simulated target, which does its I/O in steps. @internal */
export class SimulatedSink implements Sink<string, SimulatedTransaction, 'exactly-once', never> {
  readonly description = 'simulated target'
  readonly guarantee = 'exactly-once' as const
  readonly mechanism = 'prepared transactions'
  readonly committableSerializer: Serializer<SimulatedTransaction> = jsonSerializer()
  readonly #target: SimulatedTarget
  readonly #io: SimulatedIo

  constructor(target: SimulatedTarget, io: SimulatedIo) {
    this.#target = target
    this.#io = io
  }

  async createWriter(context: SubtaskContext): Promise<SinkWriter<string, SimulatedTransaction>> {
    await this.#io.process.io()
    this.#target.removeOrphans(context.operatorId, context.attempt)
    return new SimulatedWriter(context, this.#target, this.#io)
  }

  createCommitter(): Promise<Committer<SimulatedTransaction>> {
    return Promise.resolve(new SimulatedCommitter(this.#target, this.#io))
  }
}

class SimulatedWriter implements SinkWriter<string, SimulatedTransaction> {
  readonly #context: SubtaskContext
  readonly #target: SimulatedTarget
  readonly #io: SimulatedIo
  #records: string[] = []

  constructor(context: SubtaskContext, target: SimulatedTarget, io: SimulatedIo) {
    this.#context = context
    this.#target = target
    this.#io = io
  }

  write(value: string): void | Promise<void> {
    this.#records.push(value)
    return this.#io.below(10) === 0 ? this.#io.process.io() : undefined
  }

  async flush(): Promise<void> {
    await this.#io.process.io()
  }

  async prepareCommit(checkpointId: number): Promise<readonly SimulatedTransaction[]> {
    const records = this.#records
    this.#records = []
    if (records.length === 0) return []
    const { jobId, operatorId, attempt, subtask } = this.#context
    const name = `${jobId}/${operatorId}/${subtask}/${attempt}/${checkpointId}`
    await this.#io.process.io()
    this.#target.prepare(name, { operatorId, attempt, records })
    await this.#io.process.io()
    return [{ name, checkpointId }]
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

class SimulatedCommitter implements Committer<SimulatedTransaction> {
  readonly #target: SimulatedTarget
  readonly #io: SimulatedIo

  constructor(target: SimulatedTarget, io: SimulatedIo) {
    this.#target = target
    this.#io = io
  }

  /** Either half of the call may be lost: the request, or only the reply. */
  async commit(transaction: SimulatedTransaction): Promise<CommitOutcome> {
    await this.#io.process.io()
    const fault = this.#io.below(20)
    if (fault === 0) return { status: 'retry', cause: 'the request was lost' }
    const status = this.#target.commit(transaction)
    await this.#io.process.io()
    if (fault === 1) return { status: 'retry', cause: 'the reply was lost' }
    return { status }
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}
