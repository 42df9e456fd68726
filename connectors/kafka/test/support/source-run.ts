import type {
  MetricGroup,
  Source,
  SourceOutput,
  SourceReader,
  SourceSplit,
  SplitEnumerator,
} from '@flinkts/core/connector'
import { assert, silentLogger, systemTime } from '@flinkts/core/connector'

/** A checkpoint as an engine stores it: bytes only. */
export interface RunCheckpoint {
  readonly enumerator: Uint8Array
  readonly splits: readonly Uint8Array[]
}

/**
 * One attempt of a source with one reader, driven by hand, which keeps what is emitted.
 */
export class SourceRun<Out> implements AsyncDisposable {
  readonly records: Out[] = []
  readonly timestamps: (number | undefined)[] = []
  readonly gauges: Map<string, () => number> = new Map()
  readonly counts: Map<string, number> = new Map()
  /** What the last poll found. */
  status: 'more-available' | 'nothing-available' | 'end-of-input' = 'nothing-available'
  readonly #source: Source<Out>
  readonly #enumerator: SplitEnumerator<SourceSplit, unknown>
  readonly #reader: SourceReader<Out, SourceSplit>
  #recordsMax = 1
  #polledCount = 0
  #failure: { readonly cause: unknown } | undefined
  #checkpointId = 0

  private constructor(source: Source<Out>, from: RunCheckpoint | undefined) {
    const { splitSerializer, enumeratorStateSerializer: states } = source
    const shared = {
      jobName: 'run',
      jobId: 'run',
      operatorId: 'source',
      attempt: 1,
      clock: systemTime,
      scheduler: systemTime,
      logger: silentLogger,
      parallelism: 1,
    }
    this.#source = source
    this.#enumerator = source.createEnumerator(
      {
        ...shared,
        assignSplit: (split) =>
          this.#reader.addSplits([
            splitSerializer.deserialize(splitSerializer.version, splitSerializer.serialize(split)),
          ]),
        signalNoMoreSplits: () => this.#reader.notifyNoMoreSplits(),
        sendSourceEvent: () => undefined,
        fail: (cause) => {
          this.#failure ??= { cause }
        },
      },
      from === undefined ? undefined : states.deserialize(states.version, from.enumerator),
    )
    this.#reader = source.createReader({
      ...shared,
      subtask: 0,
      metrics: this.#metrics(),
      requestSplit: () => undefined,
      sendSourceEvent: () => undefined,
    })
  }

  static async start<Out>(source: Source<Out>, from?: RunCheckpoint): Promise<SourceRun<Out>> {
    const run = new SourceRun(source, from)
    const { splitSerializer } = source
    const restored = (from?.splits ?? []).map((bytes) =>
      splitSerializer.deserialize(splitSerializer.version, bytes),
    )
    try {
      await run.#enumerator.start()
    } catch (error) {
      await run.close()
      throw error
    }
    if (restored.length > 0) run.#reader.addSplits(restored)
    run.#reader.start()
    run.#enumerator.addReader(0, restored)
    return run
  }

  /** Polls, each time for so many records at most, until the condition holds. */
  async until(condition: () => boolean, recordsMax = 1_000, limitMs = 20_000): Promise<void> {
    const endMs = performance.now() + limitMs
    while (!condition()) {
      if (this.#failure !== undefined) throw this.#failure.cause
      assert(performance.now() < endMs, `not reached: ${condition.toString()}`)
      this.poll(recordsMax)
      if (this.status === 'more-available') continue
      if (this.status === 'end-of-input') break
      await Promise.race([
        this.#reader.available(),
        new Promise((resolve) => void setTimeout(resolve, 20)),
      ])
    }
    assert(condition(), `the source ended before: ${condition.toString()}`)
  }

  toEnd(recordsMax = 1_000): Promise<void> {
    return this.until(() => this.status === 'end-of-input', recordsMax)
  }

  poll(recordsMax: number): void {
    this.#recordsMax = recordsMax
    this.#polledCount = 0
    this.status = this.#reader.pollNext(this.#output)
  }

  pauseOrResume(pause: readonly string[], resume: readonly string[]): void {
    this.#reader.pauseOrResumeSplits?.(pause, resume)
  }

  checkpoint(): RunCheckpoint {
    this.#checkpointId += 1
    const { splitSerializer, enumeratorStateSerializer } = this.#source
    const state = this.#enumerator.snapshotState(this.#checkpointId)
    const splits = this.#reader.snapshotState(this.#checkpointId)
    return {
      enumerator: enumeratorStateSerializer.serialize(state),
      splits: splits.map((split) => splitSerializer.serialize(split)),
    }
  }

  /** The last checkpoint completed, and is the only one. */
  complete(): void {
    const notice = { checkpointId: this.#checkpointId, oldestRetainedId: this.#checkpointId }
    this.#reader.notifyCheckpointComplete?.(notice)
  }

  async close(): Promise<void> {
    await this.#reader.close()
    await this.#enumerator.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  readonly #output: SourceOutput<Out> = {
    forSplit: () => ({
      collect: (value, timestamp) => {
        this.records.push(value)
        this.timestamps.push(timestamp)
        this.#polledCount += 1
        return this.#polledCount < this.#recordsMax
      },
      collectSide: ({ id }) => {
        throw new Error(`nothing is expected in the side output "${id}"`)
      },
      emitWatermark: () => undefined,
      markIdle: () => undefined,
    }),
    releaseSplit: () => undefined,
  }

  #metrics(): MetricGroup {
    return {
      counter: (name) => ({
        add: (count = 1) => {
          this.counts.set(name, (this.counts.get(name) ?? 0) + count)
        },
      }),
      gauge: (name, read) => this.gauges.set(name, read),
    }
  }
}
