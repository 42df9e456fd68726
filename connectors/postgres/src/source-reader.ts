import { assert, WakeSignal } from '@flinkts/core/connector'
import type {
  CheckpointNotice,
  InputStatus,
  SourceEvent,
  SourceOutput,
  SourceReader,
  SourceReaderContext,
} from '@flinkts/core/connector'
import type { Change } from './records/change.ts'
import { ChunkReader } from './snapshot/chunk-reader.ts'
import { ConnectionCache } from './snapshot/connection-cache.ts'
import type { SourceContext } from './runtime/source-context.ts'
import type { ChunkFinished } from './state/source-events.ts'
import { asChunksStored } from './state/source-events.ts'
import type { PostgresSplit, SnapshotSplit } from './split.ts'
import type { SplitWorker } from './runtime/split-worker.ts'
import { StreamReader } from './stream/stream-reader.ts'

/**
 * Reads chunks, some at a time, and maybe the stream. Asks for a chunk whenever it could read one
 * more.
 *
 * @internal
 */
export class PostgresReader implements SourceReader<Change, PostgresSplit> {
  readonly #engine: SourceReaderContext
  readonly #context: SourceContext
  readonly #connections: ConnectionCache
  readonly #signal = new WakeSignal()
  readonly #workers = new Map<string, SplitWorker>()
  /** Chunks that were read, until a completed checkpoint of the enumerator has them. */
  readonly #finished = new Map<string, SnapshotSplit>()
  #stream: StreamReader | undefined
  /** Requests that were not answered yet. */
  #requested = 0
  #started = false
  #noMoreSplits = false

  constructor(engine: SourceReaderContext, context: SourceContext) {
    this.#engine = engine
    this.#context = context
    this.#connections = new ConnectionCache(context)
  }

  start(): void {
    this.#started = true
    for (const split of this.#finished.values()) this.#tellFinished(split)
    this.#request()
  }

  pollNext(output: SourceOutput<Change>): InputStatus {
    this.#signal.reset()
    let more = false
    for (const worker of this.#workers.values()) {
      const status = worker.poll(output.forSplit(worker.splitId))
      if (status === 'more-available') more = true
      if (status !== 'ended') continue
      output.releaseSplit(worker.splitId)
      this.#end(worker)
    }
    if (more) return 'more-available'
    const ended = this.#noMoreSplits && this.#workers.size === 0
    return ended ? 'end-of-input' : 'nothing-available'
  }

  available(): Promise<void> {
    return this.#signal.wait()
  }

  addSplits(splits: readonly PostgresSplit[]): void {
    for (const split of splits) this.#add(split)
    this.#signal.notify()
  }

  notifyNoMoreSplits(): void {
    this.#noMoreSplits = true
    this.#signal.notify()
  }

  handleSourceEvent(event: SourceEvent): void {
    for (const splitId of asChunksStored(event).splitIds) this.#finished.delete(splitId)
  }

  snapshotState(checkpointId: number): readonly PostgresSplit[] {
    const reading = [...this.#workers.values()].map((worker) => worker.snapshot(checkpointId))
    return [...reading, ...this.#finished.values()]
  }

  notifyCheckpointComplete(notice: CheckpointNotice): void {
    this.#stream?.acknowledge(notice.oldestRetainedId)
  }

  async close(): Promise<void> {
    const workers = [...this.#workers.values()].map((worker) => worker.close())
    await Promise.all([...workers, this.#connections.close()])
  }

  #add(split: PostgresSplit): void {
    const wake = (): void => this.#signal.notify()
    if (split.type === 'stream') {
      assert(this.#stream === undefined, 'a reader has two streams')
      this.#stream = new StreamReader(this.#context, this.#engine.metrics, split, wake)
      this.#workers.set(split.splitId, this.#stream)
      return
    }
    if (split.finished) {
      this.#finished.set(split.splitId, split)
      return
    }
    if (this.#started) this.#requested--
    const worker = new ChunkReader(this.#context, split, this.#connections, wake)
    this.#workers.set(split.splitId, worker)
  }

  #end(worker: SplitWorker): void {
    const split = worker.snapshot(0)
    this.#engine.metrics.counter('snapshotChunks').add()
    this.#workers.delete(worker.splitId)
    assert(split.type === 'snapshot', 'a stream has no end')
    if (this.#context.options.mode !== 'snapshot-only') {
      this.#finished.set(split.splitId, split)
      this.#tellFinished(split)
    }
    this.#request()
  }

  #request(): void {
    const { connectionsPerReader } = this.#context.options.snapshot
    if (this.#stream !== undefined || this.#noMoreSplits) return
    while (this.#workers.size + this.#requested < connectionsPerReader) {
      this.#requested++
      this.#engine.requestSplit()
    }
  }

  #tellFinished(split: SnapshotSplit): void {
    const { splitId, table, index, ranges } = split
    const event: ChunkFinished = { type: 'chunk-finished', splitId, table, index, ranges }
    this.#engine.sendSourceEvent(event)
  }
}
