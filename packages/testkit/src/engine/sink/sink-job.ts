import type { Committer, Sink } from '@flinkts/core/connector'
import {
  type KitRecord,
  resultOf,
  type VisibleRecord,
  type Workload,
} from '../../records/kit-record.ts'
import { commitUntilDone } from './commit.ts'
import { connectorContext } from '../kit-runtime.ts'
import { RecordingLogger } from '../recording-logger.ts'
import { SinkAttempt } from './sink-attempt.ts'
import {
  beforeTheFirst,
  type StoredCheckpoint,
  type StoredCommittable,
} from './stored-checkpoint.ts'
import { violation } from '../violation.ts'

/** What a job in the hand of a check is made of. @internal */
export interface SinkJobParts {
  readonly sink: Sink<KitRecord>
  readonly jobId: string
  readonly workload: Workload
  /** Subtasks of an attempt unless it says otherwise. */
  readonly parallelism: number
}

/**
 * A job of one sink whose engine is the check: it takes every step of the contract by itself, in
 * the order of the engine, and so can end an attempt between any two. What an attempt leaves is
 * `stored` and the target. Order of a start, as in the engine: commit what is restored, through
 * bytes; then create writers.
 *
 * @internal
 */
export class SinkJob {
  readonly parts: SinkJobParts
  readonly logger: RecordingLogger = new RecordingLogger()
  stored: StoredCheckpoint = beforeTheFirst
  #attempt = 0
  #checkpointId = 0

  constructor(parts: SinkJobParts) {
    this.parts = parts
  }

  /** Ids only grow, over attempts too. */
  nextCheckpointId(): number {
    this.#checkpointId += 1
    return this.#checkpointId
  }

  /** What is to be visible when the stored checkpoint is committed. */
  get storedRecords(): readonly VisibleRecord[] {
    return resultOf(this.parts.workload.batches.slice(0, this.stored.batchCount).flat())
  }

  /** Starts the next attempt from what is stored. */
  async start(parallelism: number = this.parts.parallelism): Promise<SinkAttempt> {
    this.#attempt += 1
    await this.recover(this.stored.committables)
    const attempt = new SinkAttempt(this, { attempt: this.#attempt, parallelism })
    await attempt.open()
    return attempt
  }

  /** Begins an attempt that commits what is restored, and gives it before its writers exist. */
  async startWithoutWriters(): Promise<SinkAttempt> {
    this.#attempt += 1
    await this.recover(this.stored.committables)
    return new SinkAttempt(this, {
      attempt: this.#attempt,
      parallelism: this.parts.parallelism,
    })
  }

  /** Commits stored committables as a start does, with a committer of its own. */
  async recover(committables: readonly StoredCommittable[]): Promise<void> {
    if (committables.length === 0) return
    await this.withCommitter(async (committer) => {
      for (const committable of committables) {
        await commitUntilDone(committer, this.read(committable))
      }
    })
  }

  /** Lends a new committer. */
  async withCommitter(action: (committer: Committer<unknown>) => Promise<void>): Promise<void> {
    const committer = await this.createCommitter()
    try {
      await action(committer)
    } finally {
      await committer.close()
    }
  }

  async createCommitter(): Promise<Committer<unknown>> {
    const { sink, jobId } = this.parts
    const committer = await sink.createCommitter?.(
      connectorContext({ jobId, attempt: this.#attempt, logger: this.logger }),
    )
    if (committer === undefined) throw violation('the sink prepares commits and has no committer')
    return committer
  }

  /** A committable that went through the bytes of a checkpoint. */
  read({ version, bytes }: StoredCommittable): unknown {
    const { committableSerializer } = this.parts.sink
    if (committableSerializer === undefined) {
      throw violation('the sink prepares commits and has no committable serializer')
    }
    return committableSerializer.deserialize(version, bytes)
  }
}
