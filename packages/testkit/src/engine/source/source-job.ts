import type { Source } from '@flinkts/core/connector'
import { SeededPrng } from '@flinkts/core/testing'
import type { KitRecord } from '../../records/kit-record.ts'
import { type Deadline, deadlineIn } from '../deadline.ts'
import { RecordingLogger } from '../recording-logger.ts'
import { drawJobId } from '../kit-runtime.ts'
import { SourceAttempt } from './source-attempt.ts'
import { beforeTheFirst, type SourceCheckpoint } from './source-checkpoint.ts'

/** What a job in the hand of a check is made of. @internal */
export interface SourceJobParts {
  readonly createSource: () => Source<unknown>
  readonly toRecords: (emitted: unknown) => readonly KitRecord[]
  readonly seed: number
  readonly patienceMs: number
  /** Subtasks of an attempt unless it says otherwise. */
  readonly parallelism: number
}

/** How an attempt runs; by default as the job says. @internal */
export interface AttemptOptions {
  readonly parallelism?: number
  /** At most so many records a poll; the seed decides. Default 5. */
  readonly pollRecordsMax?: number
}

/**
 * A job of one source whose engine is the check. What an attempt leaves is `stored` and what the
 * system upstream knows.
 *
 * @internal
 */
export class SourceJob {
  readonly parts: SourceJobParts
  readonly jobId: string = drawJobId()
  readonly logger: RecordingLogger = new RecordingLogger()
  stored: SourceCheckpoint = beforeTheFirst
  /** The completed checkpoints since the start, or since `pin`. */
  retained: readonly SourceCheckpoint[] = []
  #source: Source<unknown> | undefined
  #pinned = false
  #attempt = 0
  #checkpointId = 0

  constructor(parts: SourceJobParts) {
    this.parts = parts
  }

  /** Created when it is first asked for, and when an attempt is of another process. */
  get source(): Source<unknown> {
    this.#source ??= this.parts.createSource()
    return this.#source
  }

  /** Ids only grow, over attempts too. */
  nextCheckpointId(): number {
    this.#checkpointId += 1
    return this.#checkpointId
  }

  /** From now on checkpoints are retained: nothing may be forgotten upstream. */
  pin(): void {
    this.#pinned = true
    this.retained = this.stored.checkpointId === 0 ? [] : [this.stored]
  }

  /** From now on only the newest is retained. */
  unpin(): void {
    this.#pinned = false
    this.retained = [this.stored]
  }

  store(checkpoint: SourceCheckpoint): void {
    this.stored = checkpoint
    this.retained = this.#pinned ? [...this.retained, checkpoint] : [checkpoint]
  }

  /** A restore goes to it or to a newer one. */
  get oldestRetained(): SourceCheckpoint {
    return this.retained[0] ?? this.stored
  }

  /** The next attempt is of another process: it has nothing of the source of this one. */
  forget(): void {
    this.#source = undefined
  }

  /** The next attempt, which has not started. */
  create({ parallelism, pollRecordsMax = 5 }: AttemptOptions = {}): SourceAttempt {
    this.#attempt += 1
    return new SourceAttempt(this, {
      attempt: this.#attempt,
      parallelism: parallelism ?? this.parts.parallelism,
      prng: new SeededPrng(this.parts.seed * 1009 + this.#attempt),
      pollRecordsMax,
    })
  }

  /** Starts the next attempt from what is stored. */
  async start(options: AttemptOptions = {}): Promise<SourceAttempt> {
    const attempt = this.create(options)
    try {
      await attempt.start()
      return attempt
    } catch (cause) {
      await attempt.close().catch(() => undefined)
      throw cause
    }
  }

  deadline(): Deadline {
    return deadlineIn(this.parts.patienceMs)
  }
}
