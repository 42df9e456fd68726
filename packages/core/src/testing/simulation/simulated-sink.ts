import type { Serializer } from '../../common/serializer.ts'
import type { CommitOutcome, Committer } from '../../connector/committer.ts'
import type { ConnectorContext, SubtaskContext } from '../../connector/context.ts'
import type { SinkWriter } from '../../connector/sink-writer.ts'
import type { Sink } from '../../connector/sink.ts'
import { jsonSerializer } from './json-serializer.ts'
import type { SimulatedIo } from './simulated-source.ts'
import type { SimulatedTarget, SimulatedTransaction } from './simulated-target.ts'

/** The records that a writer, and those before it, have prepared. @internal */
export interface SimulatedWriterState {
  readonly preparedCount: number
}

/** A two-phase-commit sink over a simulated target, which does its I/O in steps. @internal */
export class SimulatedSink
  implements Sink<string, SimulatedTransaction, 'exactly-once', SimulatedWriterState>
{
  readonly description = 'simulated target'
  readonly guarantee = 'exactly-once' as const
  readonly mechanism = 'prepared transactions'
  readonly committableSerializer: Serializer<SimulatedTransaction> = jsonSerializer()
  readonly writerStateSerializer: Serializer<SimulatedWriterState> = jsonSerializer()
  readonly #target: SimulatedTarget
  readonly #io: SimulatedIo

  constructor(target: SimulatedTarget, io: SimulatedIo) {
    this.#target = target
    this.#io = io
  }

  async createWriter(
    context: SubtaskContext,
    restored: readonly SimulatedWriterState[],
  ): Promise<SinkWriter<string, SimulatedTransaction, SimulatedWriterState>> {
    await this.#io.process.io()
    this.#target.openWriter(context)
    const preparedCount = restored.reduce((sum, state) => sum + state.preparedCount, 0)
    return new SimulatedWriter(context, this.#target, this.#io, preparedCount)
  }

  createCommitter(context: ConnectorContext): Promise<Committer<SimulatedTransaction>> {
    return Promise.resolve(new SimulatedCommitter(context, this.#target, this.#io))
  }
}

class SimulatedWriter implements SinkWriter<string, SimulatedTransaction, SimulatedWriterState> {
  readonly #context: SubtaskContext
  readonly #target: SimulatedTarget
  readonly #io: SimulatedIo
  #records: string[] = []
  #preparedCount: number
  #pending = false

  constructor(
    context: SubtaskContext,
    target: SimulatedTarget,
    io: SimulatedIo,
    preparedCount: number,
  ) {
    this.#context = context
    this.#target = target
    this.#io = io
    this.#preparedCount = preparedCount
  }

  write(value: string): void | Promise<void> {
    if (this.#pending) throw new Error('a record came while a write was pending')
    this.#records.push(value)
    return this.#io.below(10) === 0 ? this.#writeSlowly() : undefined
  }

  async flush(): Promise<void> {
    await this.#io.process.io()
  }

  async prepareCommit(checkpointId: number): Promise<readonly SimulatedTransaction[]> {
    const records = this.#records
    this.#records = []
    this.#preparedCount += records.length
    if (records.length === 0) return []
    const { jobId, operatorId, attempt, subtask } = this.#context
    const place = `${jobId}/${operatorId}/${subtask}`
    const name = `${place}/${attempt}/${checkpointId}`
    await this.#io.process.io()
    this.#target.prepare(name, { client: this.#context, records })
    await this.#io.process.io()
    return [{ name, place, checkpointId }]
  }

  snapshotState(): SimulatedWriterState {
    return { preparedCount: this.#preparedCount }
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  async #writeSlowly(): Promise<void> {
    this.#pending = true
    await this.#io.process.io()
    this.#pending = false
  }
}

class SimulatedCommitter implements Committer<SimulatedTransaction> {
  readonly #context: ConnectorContext
  readonly #target: SimulatedTarget
  readonly #io: SimulatedIo
  #last: SimulatedTransaction | undefined

  constructor(context: ConnectorContext, target: SimulatedTarget, io: SimulatedIo) {
    this.#context = context
    this.#target = target
    this.#io = io
  }

  /** Either half of the call may be lost: the request, or only the reply. */
  async commit(transaction: SimulatedTransaction): Promise<CommitOutcome> {
    await this.#io.process.io()
    const fault = this.#io.below(20)
    if (fault === 0) return { status: 'retry', cause: 'the request was lost' }
    const status = this.#target.commit(transaction, this.#context)
    this.#last = transaction
    await this.#io.process.io()
    if (fault === 1) return { status: 'retry', cause: 'the reply was lost' }
    return { status }
  }

  async forget(beforeCheckpointId: number): Promise<void> {
    await this.#io.process.io()
    if (this.#last !== undefined) this.#target.forget(this.#last, beforeCheckpointId)
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}
