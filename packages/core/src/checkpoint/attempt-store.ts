import type { Clock } from '../common/clock.ts'
import { FlinktsError } from '../common/errors.ts'
import { type Logger, silentLogger } from '../common/logger.ts'
import { type Prng, randomBelow } from '../common/prng.ts'
import type { Storage } from '../common/storage.ts'
import { type AttemptRecord, decodeAttemptRecord, encodeAttemptRecord } from './attempt-record.ts'
import { Attempt } from './attempt.ts'
import { CheckpointCatalog } from './checkpoint-catalog.ts'
import {
  attemptDirectory,
  attemptsDirectory,
  fencedDirectory,
  leasePath,
  parseAttempt,
  parseAttemptLeftover,
  parseCheckpointDirectory,
} from './layout.ts'
import type { CheckpointManifest } from './manifest.ts'
import type { ProcessProbe } from './process-probe.ts'

/** What an attempt store works with. @internal */
export interface AttemptStoreOptions {
  /** Rooted at the job's directory. */
  readonly storage: Storage
  readonly jobName: string
  readonly clock: Clock
  readonly prng: Prng
  readonly probe: ProcessProbe
  /**
   * A holder that is silent for longer than this is taken for dead; milliseconds (default 15 000).
   */
  readonly leaseMs?: number
  readonly logger?: Logger
}

const defaultLeaseMs = 15_000
const renewalsPerLease = 3
const jobIdLength = 10
const jobIdLetters = 'abcdefghijklmnopqrstuvwxyz0123456789'

/** What an attempt inherits. */
interface Predecessor {
  readonly attempt: number
  readonly jobId: string | undefined
  readonly nextCheckpointId: number
}

const beforeTheFirst: Predecessor = { attempt: 0, jobId: undefined, nextCheckpointId: 1 }

/**
 * Numbers the attempts of a job, and sees to it that one of them is current.
 *
 * The claim: judge the holder of the newest record; create the record of the next number
 * exclusively (of two claimers one wins); look again, and give up if a higher number appeared
 * meanwhile (this claimer slept while the job went on without it); fence every lower number, by
 * moving its directory away. The directory of the highest number is never removed before a higher
 * one exists. What the fenced attempt published is there when `claim` resolves, and nothing is
 * published by it later: read the checkpoints after the claim.
 *
 * @internal
 */
export class AttemptStore {
  readonly #options: AttemptStoreOptions
  readonly #leaseMs: number
  readonly #logger: Logger

  constructor(options: AttemptStoreOptions) {
    this.#options = options
    this.#leaseMs = options.leaseMs ?? defaultLeaseMs
    this.#logger = options.logger ?? silentLogger
  }

  /** How often the holder of an attempt calls `renew`, in milliseconds. */
  get renewIntervalMs(): number {
    return Math.floor(this.#leaseMs / renewalsPerLease)
  }

  /**
   * Starts the next attempt of the job. `fresh`: as the first of a new lineage, to which the
   * present checkpoints do not belong.
   *
   * @throws FlinktsError FLINKTS_JOB_ALREADY_RUNNING, FLINKTS_CHECKPOINT_CORRUPT,
   * FLINKTS_STATE_UNREADABLE
   */
  async claim({ fresh = false }: { readonly fresh?: boolean } = {}): Promise<Attempt> {
    const { storage, jobName, clock } = this.#options
    const record = await this.#createRecord(await this.#predecessor(), fresh)
    await this.#fenceBelow(record.attempt)
    const attempt = new Attempt({ storage, clock, jobName }, record)
    await attempt.renew()
    this.#logger.info('attempt claimed', { attempt: attempt.number, jobId: attempt.jobId })
    return attempt
  }

  /** The record of the newest attempt, for people; `undefined` if the job never ran. */
  newest(): Promise<AttemptRecord | undefined> {
    return this.#newestRecord()
  }

  /**
   * The highest number with a record: a directory without one is a claim that did not get through.
   */
  async #newestRecord(): Promise<AttemptRecord | undefined> {
    for (const number of (await this.#numbers()).toReversed()) {
      const record = await this.#recordOf(number)
      if (record !== undefined) return record
    }
    return undefined
  }

  async #numbers(): Promise<readonly number[]> {
    const names = await this.#options.storage.list(attemptsDirectory)
    const numbers = names.map(parseAttempt).filter((number) => number !== undefined)
    return numbers.toSorted((left, right) => left - right)
  }

  async #recordOf(attempt: number): Promise<AttemptRecord | undefined> {
    const path = leasePath(attempt)
    const bytes = await this.#options.storage.read(path)
    if (bytes === undefined) return undefined
    try {
      return decodeAttemptRecord(bytes)
    } catch (error) {
      if (!(error instanceof FlinktsError)) throw error
      const where = `'${path}' in '${this.#options.storage.location}'`
      throw new FlinktsError(error.code, `${error.message}: ${where}`, {
        hint:
          error.code === 'FLINKTS_CHECKPOINT_CORRUPT'
            ? 'Make sure that no process runs this job, and restore the file from a backup; ' +
              'or give the job another checkpoint directory, which starts it from the beginning.'
            : error.hint,
        cause: error,
      })
    }
  }

  async #judge(record: AttemptRecord): Promise<void> {
    const reason = await this.#reasonToTakeOver(record)
    if (reason === undefined) throw this.#alreadyRunning(record)
    const { host, pid } = record.holder
    if (reason === 'silent') {
      this.#logger.warn('taking over from a silent process', { attempt: record.attempt, host, pid })
    }
  }

  async #reasonToTakeOver(
    record: AttemptRecord,
  ): Promise<'released' | 'own' | 'dead' | 'silent' | undefined> {
    if (record.released) return 'released'
    if (record.holder.nonce === this.#options.probe.self.nonce) return 'own'
    if (await this.#isDead(record)) return 'dead'
    return this.#options.clock.now() - record.renewedAtMs > this.#leaseMs ? 'silent' : undefined
  }

  /** Whether the holder is certainly dead. One of another host, or container, cannot be seen. */
  async #isDead({ holder }: AttemptRecord): Promise<boolean> {
    const { self } = this.#options.probe
    if (holder.pidSpace !== self.pidSpace) return false
    // Our pid with another nonce: the pid of a dead process was given to us.
    if (holder.pid === self.pid) return true
    const found = await this.#options.probe.find(holder.pid)
    if (found.status === 'gone') return true
    if (found.processStart === undefined || holder.processStart === undefined) return false
    return found.processStart !== holder.processStart
  }

  /**
   * What the next attempt goes on from. If somebody removed the records, a manifest tells as well;
   * the records are read again after it, since whoever wrote it may be alive, and must be judged.
   */
  async #predecessor(): Promise<Predecessor | undefined> {
    const manifest =
      (await this.#newestRecord()) === undefined ? await this.#newestManifest() : undefined
    const newest = await this.#newestRecord()
    if (newest !== undefined) {
      await this.#judge(newest)
      return newest
    }
    return manifest && { ...manifest, nextCheckpointId: manifest.checkpointId + 1 }
  }

  async #newestManifest(): Promise<CheckpointManifest | undefined> {
    const catalog = new CheckpointCatalog(this.#options.storage)
    const checkpointId = (await catalog.list()).at(-1)
    if (checkpointId === undefined) return undefined
    return (await catalog.inspectManifest(checkpointId)).manifest
  }

  async #createRecord(
    predecessor: Predecessor | undefined,
    fresh: boolean,
  ): Promise<AttemptRecord> {
    const { storage, clock, probe, prng } = this.#options
    const { attempt, jobId, nextCheckpointId } = predecessor ?? beforeTheFirst
    const nowMs = clock.now()
    const record: AttemptRecord = {
      attempt: attempt + 1,
      jobId: fresh || jobId === undefined ? drawJobId(prng) : jobId,
      holder: probe.self,
      nextCheckpointId: Math.max(nextCheckpointId, await this.#firstFreeCheckpointId()),
      claimedAtMs: nowMs,
      renewedAtMs: nowMs,
      released: false,
    }
    const bytes = encodeAttemptRecord(record)
    const created = await storage.createExclusive(leasePath(record.attempt), bytes)
    if (!created || Math.max(...(await this.#numbers())) > record.attempt) {
      throw this.#alreadyRunning((await this.#newestRecord()) ?? record)
    }
    return record
  }

  async #firstFreeCheckpointId(): Promise<number> {
    const names = await this.#options.storage.list('')
    return Math.max(0, ...names.map((name) => parseCheckpointDirectory(name) ?? 0)) + 1
  }

  /** Takes every right from the attempts below, and removes what is left of them. */
  async #fenceBelow(attempt: number): Promise<void> {
    const { storage } = this.#options
    for (const lower of await this.#numbers()) {
      if (lower >= attempt) break
      await storage.rename(attemptDirectory(lower), fencedDirectory(lower, attempt))
    }
    for (const name of await storage.list(attemptsDirectory)) {
      const leftBy = parseAttemptLeftover(name)
      if (leftBy !== undefined && leftBy < attempt) {
        await storage.remove(`${attemptsDirectory}/${name}`)
      }
    }
  }

  #alreadyRunning(record: AttemptRecord): FlinktsError {
    const { host, pid } = record.holder
    const since = new Date(record.claimedAtMs).toISOString()
    const freeAt = new Date(record.renewedAtMs + this.#leaseMs).toISOString()
    return new FlinktsError(
      'FLINKTS_JOB_ALREADY_RUNNING',
      `job '${this.#options.jobName}' is already running: process ${pid} on host '${host}' ` +
        `holds '${this.#options.storage.location}' since ${since}`,
      {
        hint:
          'Stop that process first, or use another job name or checkpoint directory. ' +
          `If it is dead, the job can be started after ${freeAt}.`,
      },
    )
  }
}

function drawJobId(prng: Prng): string {
  let jobId = ''
  while (jobId.length < jobIdLength) {
    jobId += jobIdLetters.charAt(randomBelow(prng, jobIdLetters.length))
  }
  return jobId
}
