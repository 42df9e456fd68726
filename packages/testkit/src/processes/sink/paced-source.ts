import type {
  InputStatus,
  Serializer,
  Source,
  SourceOutput,
  SourceReader,
  SourceSplit,
} from '@flinkts/core/connector'
import { singleSplit } from '@flinkts/core/connector'
import type { KitRecord, Workload } from '../../records/kit-record.ts'

/** How far a workload is read. */
interface BatchSplit extends SourceSplit {
  /** The next batch. */
  readonly batch: number
  /** Checkpoints since the last batch, with its own. */
  readonly lastCheckpoints: number
}

/** The checkpoint of the last batch, and two without records, after which the input ends. */
const lastCheckpointsCount = 3

/**
 * A replayable source that emits one batch of a workload for each checkpoint: so checkpoints are
 * many and their contents the same in every run, whatever the speed of the machine.
 *
 * @internal
 */
export function pacedSource(workload: Workload): Source<KitRecord, BatchSplit, boolean, true> {
  return {
    ...singleSplit<BatchSplit>({ splitId: 'workload', batch: 0, lastCheckpoints: 0 }),
    description: 'records of the conformance kit',
    boundedness: 'bounded',
    replayable: true,
    mechanism: 'all records follow from the seed',
    splitSerializer,
    createReader: () => new PacedReader(workload),
  }
}

class PacedReader implements SourceReader<KitRecord, BatchSplit> {
  readonly #workload: Workload
  #split: BatchSplit | undefined
  #noMoreSplits = false
  /** Whether it waits for a snapshot before it goes on. */
  #emitted = false
  #wake = Promise.withResolvers<void>()

  constructor(workload: Workload) {
    this.#workload = workload
  }

  start(): void {}

  pollNext(output: SourceOutput<KitRecord>): InputStatus {
    const split = this.#split
    if (this.#finished) return 'end-of-input'
    if (split === undefined || this.#emitted) return 'nothing-available'
    this.#emitted = true
    const batch = this.#workload.batches[split.batch]
    if (batch === undefined) return 'nothing-available'
    const splitOutput = output.forSplit(split.splitId)
    for (const record of batch) splitOutput.collect(record, record.seq)
    this.#split = { ...split, batch: split.batch + 1 }
    return 'nothing-available'
  }

  available(): Promise<void> {
    const idle = this.#emitted || this.#split === undefined
    return idle && !this.#finished ? this.#wake.promise : Promise.resolve()
  }

  addSplits(splits: readonly BatchSplit[]): void {
    this.#split = splits[0]
    this.#wakeUp()
  }

  notifyNoMoreSplits(): void {
    this.#noMoreSplits = true
    this.#wakeUp()
  }

  snapshotState(): readonly BatchSplit[] {
    const split = this.#split
    if (split === undefined) return []
    const last = this.#emitted && split.batch >= this.#workload.batches.length
    const next = last ? { ...split, lastCheckpoints: split.lastCheckpoints + 1 } : split
    this.#split = next
    this.#emitted = false
    this.#wakeUp()
    return [next]
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  /** A reader without the split has nothing to read. */
  get #finished(): boolean {
    if (!this.#noMoreSplits) return false
    return this.#split === undefined || this.#split.lastCheckpoints >= lastCheckpointsCount
  }

  #wakeUp(): void {
    this.#wake.resolve()
    this.#wake = Promise.withResolvers()
  }
}

const splitSerializer: Serializer<BatchSplit> = {
  version: 1,
  serialize: (split) => new TextEncoder().encode(JSON.stringify(split)),
  deserialize: (_version, bytes) => JSON.parse(new TextDecoder().decode(bytes)) as BatchSplit,
}
