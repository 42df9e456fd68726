import type { Committer, SinkWriter } from '@flinkts/core/connector'
import type { KitRecord } from '../../records/kit-record.ts'
import { commitUntilDone, observed } from './commit.ts'
import { connectorContext, subtaskContext } from '../kit-runtime.ts'
import type { SinkJob } from './sink-job.ts'
import type { StoredCommittable, StoredWriterState } from './stored-checkpoint.ts'
import { violation } from '../violation.ts'

/** What a barrier cut off, durable when it is there, and in no checkpoint yet. @internal */
export interface Cut {
  readonly checkpointId: number
  readonly batchCount: number
  readonly prepared: readonly Prepared[]
  readonly writerStates: readonly StoredWriterState[]
}

/** A committable as the writer gave it, and as a checkpoint keeps it. @internal */
export interface Prepared {
  readonly committable: unknown
  readonly stored: StoredCommittable
}

type Writer = SinkWriter<KitRecord, unknown, unknown>

/**
 * One attempt of a job: its writers, one a subtask, and its committers. A check calls the steps of
 * a checkpoint one by one: `write`, `cut`, `complete`, `commit`.
 *
 * @internal
 */
export class SinkAttempt {
  readonly #job: SinkJob
  readonly #at: { readonly attempt: number; readonly parallelism: number }
  readonly #writers: Writer[] = []
  readonly #committers: Committer<unknown>[] = []
  /** Starts and commits that have not ended. */
  readonly #underWay = new Set<Promise<unknown>>()
  #opened: Promise<void> | undefined
  /** Prepared and not confirmed: in every checkpoint until it is. */
  #prepared: Prepared[] = []
  #batchCount: number

  constructor(job: SinkJob, at: { readonly attempt: number; readonly parallelism: number }) {
    this.#job = job
    this.#at = at
    this.#batchCount = job.stored.batchCount
  }

  get parallelism(): number {
    return this.#at.parallelism
  }

  /** Whether every batch of the workload was written. */
  get finished(): boolean {
    return this.#batchCount >= this.#job.parts.workload.batches.length
  }

  /** Creates committers and writers, as tasks do when they open. */
  open(): Promise<void> {
    this.#opened = this.#track(this.#open())
    return this.#opened
  }

  /** Writes records; those of a split go to one subtask. */
  async write(records: readonly KitRecord[]): Promise<void> {
    for (const record of records) {
      await this.writerOf(record.split).write(record, { timestamp: record.seq })
    }
  }

  /** Writes the next batch of the workload, which the next cut holds. */
  async writeBatch(): Promise<readonly KitRecord[]> {
    const batch = this.#job.parts.workload.batches[this.#batchCount] ?? []
    await this.write(batch)
    this.#batchCount += 1
    return batch
  }

  /** The next batch, unwritten. */
  get nextBatch(): readonly KitRecord[] {
    return this.#job.parts.workload.batches[this.#batchCount] ?? []
  }

  /** Only flushes, and never comes to prepare. */
  async flush(): Promise<void> {
    await Promise.all(this.#writers.map((writer) => writer.flush(false)))
  }

  /**
   * The barrier: every writer is flushed and prepares in one synchronous step. Resolves when all is
   * durable.
   */
  cut(endOfInput = false): Promise<Cut> {
    const checkpointId = this.#job.nextCheckpointId()
    const batchCount = this.#batchCount
    const states: StoredWriterState[] = []
    const done = this.#writers.map((writer, subtask) => {
      const flushed = observed(writer.flush(endOfInput))
      const prepared = observed(writer.prepareCommit?.(checkpointId) ?? Promise.resolve([]))
      states.push(...this.#stateOf(writer, checkpointId))
      return prepared.then(async (committables) => {
        await flushed
        return committables.map((each) => this.#store(each, { checkpointId, subtask }))
      })
    })
    return observed(
      Promise.all(done).then((prepared) => {
        const own = prepared.flat()
        this.#prepared.push(...own)
        return { checkpointId, batchCount, prepared: own, writerStates: states }
      }),
    )
  }

  /** The checkpoint is durable: a restart goes on from here. It holds what is not confirmed. */
  complete({ checkpointId, batchCount, writerStates }: Cut): void {
    this.#job.stored = {
      checkpointId,
      batchCount,
      committables: this.#prepared
        .map(({ stored }) => stored)
        .filter((stored) => stored.checkpointId <= checkpointId),
      writerStates,
    }
  }

  /** Commits what is prepared up to the stored checkpoint, in order, by its own committers. */
  commit(): Promise<void> {
    return this.#track(this.#commitDue())
  }

  /** What is to be committed by now. */
  due(): readonly Prepared[] {
    const { checkpointId } = this.#job.stored
    return this.#prepared.filter(({ stored }) => stored.checkpointId <= checkpointId)
  }

  /** Later checkpoints hold these no longer. */
  confirm(committed: readonly Prepared[]): void {
    this.#prepared = this.#prepared.filter((each) => !committed.includes(each))
  }

  /** One commit, by the committer of a subtask. */
  async commitOne(committable: unknown, subtask: number): Promise<void> {
    const committer = this.#committers[subtask % this.#committers.length]
    if (committer === undefined) throw violation('the sink prepares commits and has no committer')
    await commitUntilDone(committer, committable)
  }

  /** No checkpoint before this one is retained any more. */
  async forget(beforeCheckpointId: number): Promise<void> {
    for (const committer of this.#committers) await committer.forget?.(beforeCheckpointId)
  }

  /** A whole checkpoint with the next batch. */
  async checkpoint(): Promise<void> {
    await this.writeBatch()
    this.complete(await this.cut(this.finished))
    await this.commit()
  }

  /** All that is left of the workload. */
  async runToEnd(): Promise<void> {
    while (!this.finished) await this.checkpoint()
  }

  /** A checkpoint without records. */
  async emptyCheckpoint(): Promise<void> {
    this.complete(await this.cut(this.finished))
    await this.commit()
  }

  /** The end of a task, also of one that failed, in the middle of anything. */
  async close(): Promise<void> {
    await this.#opened?.catch(() => undefined)
    try {
      for (const writer of this.#writers) await writer.close()
      for (const committer of this.#committers) await committer.close()
    } finally {
      await Promise.allSettled(this.#underWay)
    }
  }

  writerOf(split: number): Writer {
    const writer = this.#writers[split % this.#at.parallelism]
    if (writer === undefined) throw violation('there is no writer: the attempt is not open')
    return writer
  }

  async #open(): Promise<void> {
    const { sink, jobId } = this.#job.parts
    const { attempt, parallelism } = this.#at
    const parts = { jobId, attempt, logger: this.#job.logger }
    const states = this.#restoredStates()
    for (let subtask = 0; subtask < parallelism; subtask += 1) {
      const committer = await sink.createCommitter?.(connectorContext(parts))
      if (committer !== undefined) this.#committers.push(committer)
      const context = subtaskContext(parts, { subtask, parallelism })
      const own = states.filter((_state, index) => index % parallelism === subtask)
      this.#writers.push(await sink.createWriter(context, own))
    }
  }

  async #commitDue(): Promise<void> {
    const due = this.due()
    for (const { committable, stored } of due) await this.commitOne(committable, stored.subtask)
    this.confirm(due)
  }

  /** It may end after the attempt has. */
  #track<T>(promise: Promise<T>): Promise<T> {
    this.#underWay.add(promise)
    void promise.catch(() => undefined).finally(() => this.#underWay.delete(promise))
    return promise
  }

  #store(
    committable: unknown,
    at: { readonly checkpointId: number; readonly subtask: number },
  ): Prepared {
    const { committableSerializer } = this.#job.parts.sink
    if (committableSerializer === undefined) {
      throw violation('the sink prepares commits and has no committable serializer')
    }
    const { version } = committableSerializer
    const bytes = committableSerializer.serialize(committable)
    return { committable, stored: { ...at, version, bytes } }
  }

  #stateOf(writer: Writer, checkpointId: number): readonly StoredWriterState[] {
    const state = writer.snapshotState?.(checkpointId)
    const serializer = this.#job.parts.sink.writerStateSerializer
    if (state === undefined || serializer === undefined) return []
    return [{ version: serializer.version, bytes: serializer.serialize(state) }]
  }

  #restoredStates(): readonly unknown[] {
    const serializer = this.#job.parts.sink.writerStateSerializer
    if (serializer === undefined) return []
    return this.#job.stored.writerStates.map(({ version, bytes }): unknown =>
      serializer.deserialize(version, bytes),
    )
  }
}
