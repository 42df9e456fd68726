import { type JobHandle, type RunOptions, startJob } from '../../src/api/start-job.ts'
import type { JobDefinition } from '../../src/api/define-job.ts'
import { silentLogger } from '../../src/common/logger.ts'
import { MetricRegistry } from '../../src/common/metric-registry.ts'
import { SeededPrng } from '../../src/common/prng.ts'
import type { Serializer } from '../../src/common/serializer.ts'
import type { SourceSplit } from '../../src/connector/source-split.ts'
import type { Sink } from '../../src/connector/sink.ts'
import type { Source } from '../../src/connector/source.ts'
import { SimulatedStorage } from '../../src/testing/simulated-storage.ts'
import { FakeMachine } from '../checkpoint/fixtures.ts'
import { ManualScheduler } from '../../src/testing/manual-scheduler.ts'

function jsonOf<T>(): Serializer<T> {
  return {
    version: 1,
    serialize: (value) => new TextEncoder().encode(JSON.stringify(value)),
    deserialize: (_version, bytes) => JSON.parse(new TextDecoder().decode(bytes)) as T,
  }
}

interface ListSplit extends SourceSplit {
  readonly position: number
}

/** A bounded source of `values`, all in one split. */
export function listSource<T>(values: readonly T[]): Source<T, ListSplit, boolean, true> {
  return {
    description: 'list',
    boundedness: 'bounded',
    replayable: true,
    mechanism: 'position',
    splitSerializer: jsonOf<ListSplit>(),
    enumeratorStateSerializer: jsonOf<boolean>(),
    createEnumerator: (context, restored = false) => {
      let assigned = restored
      return {
        start: () => Promise.resolve(),
        addReader: (subtask) => {
          if (!assigned) context.assignSplit({ splitId: 'list', position: 0 }, subtask)
          assigned = true
          context.signalNoMoreSplits(subtask)
        },
        handleSplitRequest: () => {},
        snapshotState: () => assigned,
        close: () => Promise.resolve(),
      }
    },
    createReader: () => {
      const splits: { splitId: string; position: number }[] = []
      let noMore = false
      let wake = (): void => {}
      return {
        start: () => {},
        pollNext: (output) => {
          for (const split of splits) {
            const value = values[split.position]
            if (value === undefined) continue
            split.position += 1
            output.forSplit(split.splitId).collect(value)
            return 'more-available'
          }
          return noMore ? 'end-of-input' : 'nothing-available'
        },
        available: () =>
          new Promise((resolve) => {
            wake = resolve
          }),
        addSplits: (added) => {
          splits.push(...added.map((split) => ({ ...split })))
          wake()
        },
        notifyNoMoreSplits: () => {
          noMore = true
          wake()
        },
        snapshotState: () => splits.map((split) => ({ ...split })),
        close: () => Promise.resolve(),
      }
    },
  }
}

/** A sink that shows its records in `committed` when they are committed. */
export function collectingSink<T>(committed: T[]): Sink<T, readonly T[], 'exactly-once'> {
  return {
    description: 'collection',
    guarantee: 'exactly-once',
    mechanism: 'commit',
    committableSerializer: jsonOf<readonly T[]>(),
    createWriter: () => {
      let records: T[] = []
      return Promise.resolve({
        write: (value) => void records.push(value),
        flush: () => Promise.resolve(),
        prepareCommit: () => {
          const prepared = records
          records = []
          return Promise.resolve(prepared.length === 0 ? [] : [prepared])
        },
        close: () => Promise.resolve(),
      })
    },
    createCommitter: () =>
      Promise.resolve({
        commit: (records) => {
          committed.push(...records)
          return Promise.resolve({ status: 'committed' })
        },
        close: () => Promise.resolve(),
      }),
  }
}

/** What jobs run on in a test. */
export class TestRuntime {
  readonly scheduler: ManualScheduler = new ManualScheduler()
  readonly disk: SimulatedStorage = new SimulatedStorage(new SeededPrng(1))
  readonly #machine = new FakeMachine()

  start(job: JobDefinition, options: RunOptions = {}): JobHandle {
    return startJob(job, options, {
      clock: this.scheduler,
      scheduler: this.scheduler,
      prng: new SeededPrng(1),
      logger: silentLogger,
      metrics: new MetricRegistry(),
      storage: this.disk.open(),
      probe: this.#machine.start(),
    })
  }

  /** How the job ends: its outcome, or its error. */
  async end(handle: JobHandle): Promise<unknown> {
    const ended = handle.ended.catch((cause: unknown) => cause)
    await this.scheduler.advance(60_000)
    return ended
  }
}
