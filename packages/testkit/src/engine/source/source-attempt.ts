import { defined, delay } from '@flinkts/core/connector'
import type {
  CheckpointNotice,
  SourceReaderContext,
  SourceSplit,
  SplitEnumerator,
  SplitEnumeratorContext,
} from '@flinkts/core/connector'
import { type Prng, randomBelow } from '@flinkts/core/testing'
import { violation } from '../violation.ts'
import { connectorContext, type ContextParts, scheduler, subtaskContext } from '../kit-runtime.ts'
import { type Emitted, type SourceCheckpoint, spread } from './source-checkpoint.ts'
import type { SourceJob } from './source-job.ts'
import { type SubtaskCut, type SubtaskMail, SourceSubtask } from './source-subtask.ts'

/** What a barrier cut off: everything of a checkpoint that is not yet durable. @internal */
export type SourceCut = SourceCheckpoint

/** @internal */
export interface SourceAttemptPlace {
  readonly attempt: number
  readonly parallelism: number
  /** Picks what runs next, and how many records a poll may emit. */
  readonly prng: Prng
  /** More than one record: at most so many a poll. */
  readonly pollRecordsMax: number
}

const idleMs = 5
/** As long as the engine waits for a task. */
const closeMsMax = 10_000
const deliveriesMax = 4

/**
 * One attempt of a job: an enumerator and its readers, one a subtask, with the messages between
 * them. Nothing happens but in `step`, apart from what the source does in the background.
 *
 * @internal
 */
export class SourceAttempt {
  readonly #job: SourceJob
  readonly #place: SourceAttemptPlace
  readonly #restored: SourceCheckpoint
  readonly #enumerator: SplitEnumerator<SourceSplit, unknown>
  readonly #toEnumerator: (() => void)[] = []
  readonly subtasks: readonly SourceSubtask[]
  /** Emitted before the last barrier, and in no completed checkpoint. */
  #cut: readonly Emitted[] = []
  #failure: { readonly cause: unknown } | undefined
  #introduced = false

  constructor(job: SourceJob, place: SourceAttemptPlace) {
    this.#job = job
    this.#place = place
    this.#restored = job.stored
    const { source } = job
    const { enumerator } = job.stored
    this.#enumerator = source.createEnumerator(
      this.#enumeratorContext(),
      enumerator &&
        source.enumeratorStateSerializer.deserialize(enumerator.version, enumerator.bytes),
    )
    this.subtasks = Array.from({ length: place.parallelism }, (_, subtask) => {
      const { toRecords } = job.parts
      return new SourceSubtask({ source, toRecords, context: this.#readerContext(subtask) })
    })
  }

  /** Starts readers and enumerator, in either order, and introduces them. */
  async start(): Promise<void> {
    const { parallelism, prng } = this.#place
    const splits = spread(this.#restored.splits, parallelism)
    const startReaders = (): void => {
      for (const [index, subtask] of this.subtasks.entries()) subtask.start(splits[index] ?? [])
    }
    const readersFirst = prng.next() < 0.5
    if (readersFirst) startReaders()
    await this.#enumerator.start()
    if (!readersFirst) startReaders()
    const { splitSerializer } = this.#job.source
    for (let subtask = 0; subtask < parallelism; subtask += 1) {
      const own = (splits[subtask] ?? []).map(({ version, bytes }) =>
        splitSerializer.deserialize(version, bytes),
      )
      this.#enumerator.addReader(subtask, own)
    }
    this.#introduced = true
  }

  /** What was emitted, and is in no completed checkpoint. */
  get uncommitted(): readonly Emitted[] {
    return [...this.#cut, ...this.subtasks.flatMap(({ emitted }) => emitted)]
  }

  /** Whether the input of every reader has ended. */
  get ended(): boolean {
    return this.subtasks.every(({ ended }) => ended)
  }

  /** Some mail, and a poll of each reader that is ready; waits a little if there is nothing. */
  async step(): Promise<void> {
    const { prng, pollRecordsMax } = this.#place
    if (this.#failure !== undefined) throw this.#failure.cause
    this.#tellEnumerator(randomBelow(prng, deliveriesMax))
    let busy = this.#toEnumerator.length > 0
    for (const subtask of this.subtasks) {
      if (prng.next() < 0.7) subtask.handleMail()
      if (subtask.hasMail) busy = true
      if (subtask.poll(1 + randomBelow(prng, pollRecordsMax))) busy = true
    }
    if (busy) return new Promise((resolve) => scheduler.soon(resolve))
    const waiting = this.subtasks.map((subtask) => subtask.whenReady())
    await Promise.race([...waiting, delay(scheduler, idleMs)])
  }

  /** Polls those that are not available. @returns those that emitted something all the same. */
  pollEarly(): readonly SourceSubtask[] {
    return this.subtasks.filter((subtask) => subtask.pollEarly(this.#place.pollRecordsMax))
  }

  /** The barrier: the enumerator at once, each reader when it comes to it in its mail. */
  async cut(): Promise<SourceCut> {
    const checkpointId = this.#job.nextCheckpointId()
    const { enumeratorStateSerializer: serializer } = this.#job.source
    const state = this.#enumerator.snapshotState(checkpointId)
    const enumerator = { version: serializer.version, bytes: serializer.serialize(state) }
    const taken: { readonly index: number; readonly part: SubtaskCut }[] = []
    for (const [index, subtask] of this.subtasks.entries()) {
      subtask.send({
        type: 'barrier',
        checkpointId,
        taken: (part) => void taken.push({ index, part }),
      })
    }
    const deadline = this.#job.deadline()
    while (taken.length < this.subtasks.length) {
      deadline.check(() => 'a barrier is not taken')
      await this.step()
    }
    const parts = taken.toSorted((left, right) => left.index - right.index).map(({ part }) => part)
    this.#cut = [...this.#cut, ...parts.flatMap((part) => part.emitted)]
    const splits = parts.map((part) => part.splits)
    const emitted = [...this.#job.stored.emitted, ...this.#cut]
    return { checkpointId, enumerator, splits, emitted }
  }

  /** The checkpoint is durable: a restart goes on from here. */
  complete(cut: SourceCut): void {
    const count = cut.emitted.length - this.#job.stored.emitted.length
    this.#cut = this.#cut.slice(count)
    this.#job.store(cut)
  }

  /** What there is to hear of the newest stored checkpoint. */
  get notice(): CheckpointNotice {
    const { stored, oldestRetained } = this.#job
    return {
      checkpointId: stored.checkpointId,
      oldestRetainedId: oldestRetained.checkpointId,
    }
  }

  /** Tells everybody that a checkpoint completed: the newest stored one, or another. */
  notify(notice: CheckpointNotice = this.notice): void {
    this.#enumerator.notifyCheckpointComplete?.(notice)
    for (const subtask of this.subtasks) subtask.send({ type: 'notice', notice })
  }

  /** Hands out all mail, without a poll. */
  deliver(): void {
    this.#tellEnumerator(Number.POSITIVE_INFINITY)
    for (const subtask of this.subtasks) while (subtask.hasMail) subtask.handleMail()
  }

  /** A whole checkpoint. */
  async checkpoint(): Promise<void> {
    this.complete(await this.cut())
    this.notify()
  }

  /** The end of an attempt, also of one that failed, in the middle of anything. */
  async close(): Promise<void> {
    const readers = this.subtasks.map(({ reader }) => reader.close())
    const closing = Promise.allSettled([...readers, this.#enumerator.close()])
    const limit = new AbortController()
    const late = delay(scheduler, closeMsMax, limit.signal).then(() => undefined)
    const closed = await Promise.race([closing, late])
    limit.abort()
    if (closed === undefined) throw violation(`does not close within ${closeMsMax} ms`)
    const failed = closed.find((result) => result.status === 'rejected')
    if (failed?.status === 'rejected') throw failed.reason
  }

  #tellEnumerator(count: number): void {
    if (!this.#introduced) return
    for (let told = 0; told < count; told += 1) {
      const tell = this.#toEnumerator.shift()
      if (tell === undefined) return
      tell()
    }
  }

  #send(subtask: number, mail: SubtaskMail): void {
    defined(this.subtasks[subtask], 'a split is assigned to a subtask that exists').send(mail)
  }

  get #contextParts(): ContextParts {
    const { jobId, logger } = this.#job
    return { jobId, attempt: this.#place.attempt, operatorId: 'in', logger }
  }

  #enumeratorContext(): SplitEnumeratorContext<SourceSplit> {
    const { splitSerializer } = this.#job.source
    const { version } = splitSerializer
    return {
      ...connectorContext(this.#contextParts),
      parallelism: this.#place.parallelism,
      assignSplit: (split, subtask) => {
        const bytes = splitSerializer.serialize(split)
        this.#send(subtask, { type: 'splits', splits: [{ version, bytes }] })
      },
      signalNoMoreSplits: (subtask) => this.#send(subtask, { type: 'no-more-splits' }),
      sendSourceEvent: (subtask, event) =>
        this.#send(subtask, { type: 'event', event: structuredClone(event) }),
      fail: (cause) => {
        this.#failure ??= { cause }
      },
    }
  }

  #readerContext(subtask: number): SourceReaderContext {
    const { parallelism } = this.#place
    return {
      ...subtaskContext(this.#contextParts, { subtask, parallelism }),
      requestSplit: () => {
        this.#toEnumerator.push(() => this.#enumerator.handleSplitRequest(subtask))
      },
      sendSourceEvent: (event) => {
        const sent = structuredClone(event)
        this.#toEnumerator.push(() => this.#enumerator.handleSourceEvent?.(subtask, sent))
      },
    }
  }
}
