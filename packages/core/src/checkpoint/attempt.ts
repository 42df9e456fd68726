import type { Clock } from '../common/clock.ts'
import { FlinktsError } from '../common/errors.ts'
import type { Storage } from '../common/storage.ts'
import { type AttemptRecord, encodeAttemptRecord } from './attempt-record.ts'
import {
  attemptDirectory,
  attemptsDirectory,
  leasePath,
  parseAttempt,
  renewalPath,
} from './layout.ts'

/** What an attempt works with. @internal */
export interface AttemptParts {
  readonly storage: Storage
  readonly clock: Clock
  readonly jobName: string
}

/**
 * A claimed attempt: made by `AttemptStore.claim`.
 *
 * Its directory is the token of its rights. A later attempt moves that directory away, and
 * everything that only the current attempt may do is a move *through* it: of a file into the
 * directory, and on to its place, or to nowhere. A move never creates a directory, so after the
 * fence both moves find nothing, whatever the process believed when it began. Nothing else is
 * checked, so nothing can change between a check and an act.
 *
 * @internal
 */
export class Attempt {
  readonly #parts: AttemptParts
  #record: AttemptRecord
  /** The leases are written one after the other: the last one said is the last one stored. */
  #lastWrite: Promise<void> = Promise.resolve()
  #movesBegun = 0

  constructor(parts: AttemptParts, record: AttemptRecord) {
    this.#parts = parts
    this.#record = record
  }

  /** From 1; grows with every claim. */
  get number(): number {
    return this.#record.attempt
  }

  /** The lineage of checkpoints; see `ConnectorContext.jobId`. */
  get jobId(): string {
    return this.#record.jobId
  }

  /** No checkpoint id below this one may be used. */
  get nextCheckpointId(): number {
    return this.#record.nextCheckpointId
  }

  /**
   * Says that the holder is alive. Call it every third of the lease.
   *
   * @throws FlinktsError FLINKTS_ATTEMPT_FENCED
   */
  async renew(): Promise<void> {
    await this.assertCurrent()
    await this.#store({})
  }

  /**
   * Gives the attempt up: the next one need not wait. Call it last; `renew` does nothing
   * afterwards. Resolves also if a later attempt has taken over already.
   */
  async release(): Promise<void> {
    try {
      await this.#store({ released: true })
    } catch (error) {
      if (!isFenced(error)) throw error
    }
  }

  /**
   * Checks that no later attempt exists. Call it before anything that the outside world will see. A
   * later attempt may start just after: what must not happen then goes through `move`.
   *
   * @throws FlinktsError FLINKTS_ATTEMPT_FENCED
   */
  async assertCurrent(): Promise<void> {
    const names = await this.#parts.storage.list(attemptsDirectory)
    const newest = Math.max(0, ...names.map((name) => parseAttempt(name) ?? 0))
    if (newest > this.number) throw this.#fenced(`attempt ${newest} has started`)
  }

  /**
   * Moves a file, or a directory, unless a later attempt has started: then nothing changes.
   *
   * @throws FlinktsError FLINKTS_ATTEMPT_FENCED; FLINKTS_STORAGE_FAILED if there is nothing at
   * `from`.
   */
  async move(from: string, to: string): Promise<void> {
    const held = this.#heldPath()
    const moved =
      (await this.#parts.storage.rename(from, held)) && (await this.#parts.storage.rename(held, to))
    if (moved) return
    await this.assertCurrent()
    throw new FlinktsError(
      'FLINKTS_STORAGE_FAILED',
      `'${from}' could not be moved in '${this.#parts.storage.location}': it is gone`,
      { hint: 'Something other than flinkts removes files there. Let it stop, and start again.' },
    )
  }

  /**
   * Removes a file, or a directory with all in it, at one instant, unless a later attempt has
   * started: then nothing changes. Nothing happens if there is none.
   *
   * @throws FlinktsError FLINKTS_ATTEMPT_FENCED
   */
  async remove(path: string): Promise<void> {
    const held = this.#heldPath()
    if (await this.#parts.storage.rename(path, held)) return this.#parts.storage.remove(held)
    await this.assertCurrent()
  }

  #heldPath(): string {
    this.#movesBegun += 1
    return `${attemptDirectory(this.number)}/held-${this.#movesBegun}`
  }

  #store(change: { readonly released?: true }): Promise<void> {
    const written = this.#lastWrite.then(() => this.#storeNow(change))
    this.#lastWrite = written.catch(() => {})
    return written
  }

  async #storeNow(change: { readonly released?: true }): Promise<void> {
    if (this.#record.released) return
    const record = { ...this.#record, ...change, renewedAtMs: this.#parts.clock.now() }
    const renewal = renewalPath(this.number)
    await this.#parts.storage.write(renewal, [encodeAttemptRecord(record)])
    if (!(await this.#parts.storage.rename(renewal, leasePath(this.number)))) {
      throw this.#fenced('its directory is gone')
    }
    this.#record = record
  }

  #fenced(why: string): FlinktsError {
    return new FlinktsError(
      'FLINKTS_ATTEMPT_FENCED',
      `attempt ${this.number} of job '${this.#parts.jobName}' has been replaced: ${why}`,
      {
        hint:
          'Another process took the job over, because this one had been silent for longer than ' +
          'the lease. Nothing is wrong with the data; see the log of the other process.',
      },
    )
  }
}

function isFenced(error: unknown): boolean {
  return error instanceof FlinktsError && error.code === 'FLINKTS_ATTEMPT_FENCED'
}
