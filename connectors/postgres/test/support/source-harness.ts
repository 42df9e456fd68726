import type {
  CheckpointNotice,
  LogFields,
  Logger,
  Source,
  SourceEvent,
  SourceOutput,
  SourceReader,
  SourceSplit,
  SplitEnumerator,
  SplitOutput,
} from '@flinkts/core/connector'
import { assert, systemTime } from '@flinkts/core/connector'
import type { Prng } from '@flinkts/core/testing'

/** A completed checkpoint: bytes only, as an engine would store it. */
export interface HarnessCheckpoint {
  readonly id: number
  readonly enumerator: Uint8Array
  readonly splits: readonly Uint8Array[]
  /** The number of records that are committed with it. */
  readonly committedCount: number
}

/** What a run needs. */
export interface HarnessOptions {
  readonly parallelism: number
  readonly prng: Prng
  /** Checkpoints that stay restorable. */
  readonly retained?: number
}

type ReaderMail<Split> =
  | { readonly type: 'splits'; readonly splits: readonly Split[] }
  | { readonly type: 'no-more-splits' }
  | { readonly type: 'event'; readonly event: SourceEvent }
  | { readonly type: 'barrier'; readonly id: number }
  | { readonly type: 'notice'; readonly notice: CheckpointNotice }

/** Keeps the lines. */
export class RecordingLogger implements Logger {
  readonly lines: { level: string; message: string; fields: LogFields | undefined }[] = []

  debug(message: string, fields?: LogFields): void {
    this.lines.push({ level: 'debug', message, fields })
  }

  info(message: string, fields?: LogFields): void {
    this.lines.push({ level: 'info', message, fields })
  }

  warn(message: string, fields?: LogFields): void {
    this.lines.push({ level: 'warn', message, fields })
  }

  error(message: string, fields?: LogFields): void {
    this.lines.push({ level: 'error', message, fields })
  }

  child(): Logger {
    return this
  }
}

/**
 * A job of nothing but a source and an output that is committed by checkpoints: drives the SPI as
 * an engine does, one attempt after the other, and can end an attempt anywhere.
 */
export class SourceHarness<Out, Split extends SourceSplit, State> implements AsyncDisposable {
  readonly #source: Source<Out, Split, State>
  readonly #options: HarnessOptions
  readonly logger: RecordingLogger = new RecordingLogger()
  /** By name: the gauges that readers registered last. */
  readonly gauges: Map<string, () => number> = new Map()
  /** What completed checkpoints made visible. */
  readonly committed: Out[] = []
  #checkpoints: HarnessCheckpoint[] = []
  #attempt: Attempt<Out, Split, State> | undefined
  #attemptNumber = 0
  #checkpointId = 0

  constructor(source: Source<Out, Split, State>, options: HarnessOptions) {
    this.#source = source
    this.#options = options
  }

  get checkpoints(): readonly HarnessCheckpoint[] {
    return this.#checkpoints
  }

  /** Records emitted by the running attempt that no checkpoint has yet. */
  get uncommittedCount(): number {
    return this.#attempt?.uncommittedCount ?? 0
  }

  /** Starts an attempt from a checkpoint: of those retained the newest unless told. */
  async start(
    options: {
      readonly parallelism?: number
      readonly from?: HarnessCheckpoint | undefined
      /** Instead of the source of the harness. */
      readonly source?: Source<Out, Split, State>
    } = {},
  ): Promise<void> {
    assert(this.#attempt === undefined, 'an attempt runs')
    const from = 'from' in options ? options.from : this.#checkpoints.at(-1)
    this.committed.length = from?.committedCount ?? 0
    this.#checkpoints = this.#checkpoints.filter((checkpoint) => checkpoint.id <= (from?.id ?? -1))
    this.#attemptNumber++
    const attempt = new Attempt(options.source ?? this.#source, {
      parallelism: options.parallelism ?? this.#options.parallelism,
      prng: this.#options.prng,
      logger: this.logger,
      attempt: this.#attemptNumber,
      gauges: this.gauges,
    })
    this.#attempt = attempt
    await attempt.start(from)
  }

  /** Lets the job run for a while: some polls of every reader. */
  async step(): Promise<void> {
    assert(this.#attempt !== undefined, 'no attempt runs')
    await this.#attempt.step()
  }

  async runUntil(condition: () => boolean, limitMs = 30_000): Promise<void> {
    const endMs = performance.now() + limitMs
    while (!condition()) {
      assert(performance.now() < endMs, `not reached in ${limitMs} ms: ${condition.toString()}`)
      await this.step()
    }
  }

  /** Takes a checkpoint, and completes it unless told to leave it. */
  async checkpoint(options: { complete?: boolean } = {}): Promise<HarnessCheckpoint | undefined> {
    const attempt = this.#attempt
    assert(attempt !== undefined, 'no attempt runs')
    this.#checkpointId++
    const id = this.#checkpointId
    attempt.trigger(id)
    await this.runUntil(() => attempt.isSnapshotDone(id))
    const { enumerator, splits, records } = attempt.takeSnapshot(id)
    if (options.complete === false) {
      attempt.keepForNext(records)
      return undefined
    }
    this.committed.push(...records)
    const committedCount = this.committed.length
    const checkpoint = { id, enumerator, splits, committedCount }
    this.#checkpoints.push(checkpoint)
    while (this.#checkpoints.length > (this.#options.retained ?? 1)) this.#checkpoints.shift()
    attempt.notify({ checkpointId: id, oldestRetainedId: this.#checkpoints[0]?.id ?? id })
    return checkpoint
  }

  /** Ends the attempt; what was not committed is gone. */
  async kill(): Promise<void> {
    const attempt = this.#attempt
    this.#attempt = undefined
    await attempt?.close()
  }

  get ended(): boolean {
    return this.#attempt?.ended === true
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill()
  }

  /** How often a line was logged whose message contains the text. */
  logged(text: string): number {
    return this.logger.lines.filter((line) => line.message.includes(text)).length
  }
}

interface AttemptOptions {
  readonly parallelism: number
  readonly prng: Prng
  readonly logger: Logger
  readonly attempt: number
  readonly gauges: Map<string, () => number>
}

interface ReaderSlot<Out, Split extends SourceSplit> {
  readonly reader: SourceReader<Out, Split>
  readonly mail: ReaderMail<Split>[]
  /** Records since the last barrier. */
  records: Out[]
  ended: boolean
}

interface Snapshot<Out> {
  enumerator: Uint8Array
  splits: Uint8Array[]
  records: Out[]
  readersLeft: number
}

class Attempt<Out, Split extends SourceSplit, State> {
  readonly #source: Source<Out, Split, State>
  readonly #options: AttemptOptions
  readonly #readers: ReaderSlot<Out, Split>[] = []
  readonly #toEnumerator: (() => void)[] = []
  readonly #snapshots = new Map<number, Snapshot<Out>>()
  #enumerator: SplitEnumerator<Split, State> | undefined
  #carried: Out[] = []
  #failure: { readonly cause: unknown } | undefined

  constructor(source: Source<Out, Split, State>, options: AttemptOptions) {
    this.#source = source
    this.#options = options
  }

  get ended(): boolean {
    return this.#readers.every((slot) => slot.ended)
  }

  get uncommittedCount(): number {
    return this.#readers.reduce((sum, slot) => sum + slot.records.length, this.#carried.length)
  }

  async start(from: HarnessCheckpoint | undefined): Promise<void> {
    const { parallelism, prng, logger, attempt } = this.#options
    const { enumeratorStateSerializer: states, splitSerializer } = this.#source
    const shared = {
      jobName: 'harness',
      jobId: 'harness',
      operatorId: 'source',
      attempt,
      clock: systemTime,
      scheduler: systemTime,
      logger,
      parallelism,
    }
    const send = (subtask: number, mail: ReaderMail<Split>): void => {
      this.#readers[subtask]?.mail.push(mail)
    }
    const enumerator = this.#source.createEnumerator(
      {
        ...shared,
        assignSplit: (split, subtask) => send(subtask, { type: 'splits', splits: [split] }),
        signalNoMoreSplits: (subtask) => send(subtask, { type: 'no-more-splits' }),
        sendSourceEvent: (subtask, event) =>
          send(subtask, { type: 'event', event: structuredClone(event) }),
        fail: (cause) => {
          this.#failure ??= { cause }
        },
      },
      from === undefined ? undefined : states.deserialize(states.version, from.enumerator),
    )
    this.#enumerator = enumerator
    await enumerator.start()
    const restored: Split[][] = Array.from({ length: parallelism }, () => [])
    for (const bytes of from?.splits ?? []) {
      const split = splitSerializer.deserialize(splitSerializer.version, bytes)
      restored[Math.floor(prng.next() * parallelism)]?.push(split)
    }
    for (let subtask = 0; subtask < parallelism; subtask++) {
      const reader = this.#source.createReader({
        ...shared,
        subtask,
        metrics: {
          counter: () => ({ add: () => {} }),
          gauge: (name, read) => this.#options.gauges.set(name, read),
        },
        requestSplit: () => this.#toEnumerator.push(() => enumerator.handleSplitRequest(subtask)),
        sendSourceEvent: (event) => {
          const clone = structuredClone(event)
          this.#toEnumerator.push(() => enumerator.handleSourceEvent?.(subtask, clone))
        },
      })
      this.#readers.push({ reader, mail: [], records: [], ended: false })
      const splits = restored[subtask] ?? []
      if (splits.length > 0) reader.addSplits(splits)
      reader.start()
      enumerator.addReader(subtask, splits)
    }
  }

  async step(): Promise<void> {
    const { prng } = this.#options
    this.#throwFailure()
    const deliveries = Math.floor(prng.next() * 4)
    for (let i = 0; i < deliveries; i++) this.#toEnumerator.shift()?.()
    let busy = this.#toEnumerator.length > 0
    for (const slot of this.#readers) {
      if (prng.next() < 0.7) this.#deliver(slot)
      if (slot.mail.length > 0) busy = true
      if (slot.ended) continue
      const status = slot.reader.pollNext(this.#output(slot))
      if (status === 'end-of-input') slot.ended = true
      if (status === 'more-available') busy = true
    }
    if (busy) return new Promise((resolve) => void setImmediate(resolve))
    const waiting = this.#readers
      .filter((slot) => !slot.ended)
      .map((slot) => slot.reader.available())
    await Promise.race([...waiting, new Promise((resolve) => void setTimeout(resolve, 5))])
  }

  trigger(id: number): void {
    assert(this.#enumerator !== undefined, 'no enumerator')
    const state = this.#enumerator.snapshotState(id)
    this.#snapshots.set(id, {
      enumerator: this.#source.enumeratorStateSerializer.serialize(state),
      splits: [],
      records: this.#carried,
      readersLeft: this.#readers.length,
    })
    this.#carried = []
    for (const slot of this.#readers) slot.mail.push({ type: 'barrier', id })
  }

  isSnapshotDone(id: number): boolean {
    return this.#snapshots.get(id)?.readersLeft === 0
  }

  takeSnapshot(id: number): Snapshot<Out> {
    const snapshot = this.#snapshots.get(id)
    assert(snapshot !== undefined, 'no such snapshot')
    this.#snapshots.delete(id)
    return snapshot
  }

  /** The checkpoint failed: what it held is committed with the next one. */
  keepForNext(records: readonly Out[]): void {
    this.#carried = [...records, ...this.#carried]
  }

  notify(notice: CheckpointNotice): void {
    this.#enumerator?.notifyCheckpointComplete?.(notice)
    for (const slot of this.#readers) slot.mail.push({ type: 'notice', notice })
  }

  async close(): Promise<void> {
    await Promise.all(this.#readers.map((slot) => slot.reader.close()))
    await this.#enumerator?.close()
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.cause
  }

  #deliver(slot: ReaderSlot<Out, Split>): void {
    const mail = slot.mail.shift()
    if (mail === undefined) return
    if (mail.type === 'splits') slot.reader.addSplits(mail.splits)
    if (mail.type === 'no-more-splits') slot.reader.notifyNoMoreSplits()
    if (mail.type === 'event') slot.reader.handleSourceEvent?.(mail.event)
    if (mail.type === 'notice') slot.reader.notifyCheckpointComplete?.(mail.notice)
    if (mail.type === 'barrier') this.#snapshotReader(slot, mail.id)
  }

  #snapshotReader(slot: ReaderSlot<Out, Split>, id: number): void {
    const snapshot = this.#snapshots.get(id)
    assert(snapshot !== undefined, 'no such snapshot')
    const splits = slot.reader.snapshotState(id)
    snapshot.splits.push(...splits.map((split) => this.#source.splitSerializer.serialize(split)))
    snapshot.records.push(...slot.records)
    slot.records = []
    snapshot.readersLeft--
  }

  #output(slot: ReaderSlot<Out, Split>): SourceOutput<Out> {
    let budget = 1 + Math.floor(this.#options.prng.next() * 200)
    const output: SplitOutput<Out> = {
      collect: (value) => {
        slot.records.push(value)
        budget--
        return budget > 0
      },
      collectSide: ({ id }) => {
        throw new Error(`nothing is expected in the side output "${id}"`)
      },
      emitWatermark: () => {},
      markIdle: () => {},
    }
    return { forSplit: () => output, releaseSplit: () => {} }
  }
}
