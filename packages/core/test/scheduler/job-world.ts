import { defineJob } from '../../src/api/define-job.ts'
import { planOf } from '../../src/api/start-job.ts'
import { AttemptStore } from '../../src/checkpoint/attempt-store.ts'
import { silentLogger } from '../../src/common/logger.ts'
import { MetricRegistry } from '../../src/common/metric-registry.ts'
import { SeededPrng } from '../../src/common/prng.ts'
import type { CommitOutcome } from '../../src/connector/committer.ts'
import type { CheckpointNotice } from '../../src/connector/source-event.ts'
import type { Sink } from '../../src/connector/sink.ts'
import type { Source } from '../../src/connector/source.ts'
import type { SourceSplit } from '../../src/connector/source-split.ts'
import { JobMaster, type JobMasterParts } from '../../src/scheduler/job-master.ts'
import { SimulatedStorage, type StorageStep } from '../../src/testing/simulated-storage.ts'
import { FakeMachine } from '../checkpoint/fixtures.ts'
import { ManualScheduler } from '../../src/testing/manual-scheduler.ts'
import { FakeExecutor } from './fake-executor.ts'
import { itemOf, textOf } from './fixtures.ts'

const textSerializer = {
  version: 1,
  serialize: (text: string): Uint8Array => itemOf(text).bytes,
  deserialize: (_version: number, bytes: Uint8Array): string => textOf({ bytes }),
}

export const checkpointOptions = {
  intervalMs: 100,
  minPauseMs: 0,
  timeoutMs: 1000,
  tolerableFailures: 0,
}

/** A computer with its disk: jobs run on it one after the other. */
export class World {
  readonly scheduler: ManualScheduler = new ManualScheduler()
  readonly disk: SimulatedStorage = new SimulatedStorage(new SeededPrng(1))
  readonly machine: FakeMachine = new FakeMachine()
  readonly log: string[] = []
  /** What sources were told. */
  readonly notices: CheckpointNotice[] = []
  readonly prng: SeededPrng = new SeededPrng(7)
  onCommit: () => Promise<CommitOutcome> = () => Promise.resolve({ status: 'committed' })
  onEnumeratorStart: () => Promise<void> = () => Promise.resolve()
  onStorage: StorageStep = () => Promise.resolve()

  start(changed: Partial<JobMasterParts> = {}): Run {
    return new Run(this, changed)
  }

  source(): Source<unknown, SourceSplit, string, true> {
    return {
      description: 'test',
      boundedness: 'continuous-unbounded',
      replayable: true,
      mechanism: 'none',
      splitSerializer: {
        version: 1,
        serialize: ({ splitId }) => itemOf(splitId).bytes,
        deserialize: (_version, bytes) => ({ splitId: textOf({ bytes }) }),
      },
      enumeratorStateSerializer: textSerializer,
      createEnumerator: ({ attempt }, restored) => {
        this.log.push(`enumerator of attempt ${attempt} from ${restored}`)
        return {
          start: () => this.onEnumeratorStart(),
          addReader: () => {},
          handleSplitRequest: () => {},
          notifyCheckpointComplete: (notice) => void this.notices.push(notice),
          snapshotState: (checkpointId) => `enumerator ${checkpointId}`,
          close: () => {
            this.log.push(`enumerator of attempt ${attempt} closed`)
            return Promise.resolve()
          },
        }
      },
      createReader: () => {
        throw new Error('the tasks are fakes')
      },
    }
  }

  sink(): Sink<unknown, string, 'exactly-once'> {
    return {
      description: 'test',
      guarantee: 'exactly-once',
      mechanism: 'none',
      committableSerializer: textSerializer,
      createWriter: () => Promise.reject(new Error('the tasks are fakes')),
      createCommitter: ({ attempt }) =>
        Promise.resolve({
          commit: (committable) => {
            this.log.push(`attempt ${attempt} commits ${committable}`)
            return this.onCommit()
          },
          close: () => Promise.resolve(),
        }),
    }
  }
}

/** A run of the job, with tasks that are fakes. */
export class Run {
  readonly executor: FakeExecutor
  readonly statuses: string[] = []
  readonly master: JobMaster
  ended: unknown = 'not ended'
  readonly #scheduler: ManualScheduler

  constructor(world: World, changed: Partial<JobMasterParts>) {
    const { scheduler, disk, machine, prng } = world
    this.#scheduler = scheduler
    this.executor = new FakeExecutor(scheduler)
    const job = defineJob('orders', {}, (env) => {
      env.source('source', world.source()).rebalance().sinkTo('sink', world.sink())
    })
    const storage = disk.open((operation, path) => world.onStorage(operation, path))
    const probe = machine.start()
    this.master = new JobMaster({
      graph: job.graph,
      plan: planOf(job),
      executor: this.executor,
      storage,
      attempts: new AttemptStore({ storage, jobName: 'orders', clock: scheduler, prng, probe }),
      retainedCheckpointsMax: 2,
      checkpointOptions,
      restartStrategy: { type: 'fixed-delay', attemptsMax: 3, delayMs: 50 },
      from: undefined,
      fresh: false,
      onStatus: (status) => void this.statuses.push(status),
      clock: scheduler,
      scheduler,
      prng,
      logger: silentLogger,
      metrics: new MetricRegistry(),
      ...changed,
    })
    this.master.run().then(
      (outcome) => {
        this.ended = outcome
      },
      (cause: unknown) => {
        this.ended = cause
      },
    )
  }

  /** Lets `count` checkpoints complete. */
  async checkpoints(count: number): Promise<void> {
    await this.#scheduler.advance(100 * count)
  }

  async endData(): Promise<void> {
    for (const vertexId of ['source', 'sink']) {
      this.executor.emit({ vertexId, subtask: 0 }, { type: 'data-ended' })
    }
    await this.#scheduler.settle()
  }
}
