import type { JobDefinition } from '../../api/define-job.ts'
import { startJob, type JobHandle } from '../../api/start-job.ts'
import { defined } from '../../common/assert.ts'
import { FlinktsError } from '../../common/errors.ts'
import type { DeliveryGuarantee } from '../../common/guarantee.ts'
import { MetricRegistry } from '../../common/metric-registry.ts'
import type { Logger } from '../../common/logger.ts'
import { randomBelow, SeededPrng } from '../../common/prng.ts'
import type { SimulatedStorage, SimulatedStorageHandle } from '../simulated-storage.ts'
import { FaultyExecutor } from './faulty-executor.ts'
import { randomJob } from './random-job.ts'
import type { ExpectedOutputs } from './invariants.ts'
import { PlainSink } from './plain-sink.ts'
import type { SimulatedLog } from './simulated-log.ts'
import { SimulatedSink } from './simulated-sink.ts'
import { SimulatedSource } from './simulated-source.ts'
import type { SimulatedTarget } from './simulated-target.ts'
import { SimulatedThread, type SimulatedThreadWorld } from './simulated-thread.ts'
import { SimulatedProcess, type SimulatedWorld } from './simulated-world.ts'

/** The world that a process starts in. @internal */
export interface IncarnationParts {
  readonly seed: number
  readonly world: SimulatedWorld
  readonly disk: SimulatedStorage
  readonly target: SimulatedTarget
  readonly logs: ReadonlyMap<string, SimulatedLog>
  readonly guarantee: DeliveryGuarantee
  /** See `RandomJobParts`. */
  readonly steady: boolean
  readonly leaseMs: number
  readonly logger: Logger
  /** Whether messages and writes may fail now. */
  readonly faulty: () => boolean
  /** Called when a thread of a process dies. */
  readonly onThreadDeath: () => void
}

/** How a process is started. @internal */
export interface IncarnationOptions {
  readonly pid: number
  readonly parallelism: number
  /** Begins without state, as another lineage. */
  readonly fresh: boolean
}

const storageFaultChance = 0.002
const threadDeathChance = 0.0002
const messageFaults = { loss: 0.05, repetition: 0.05 }
const noMessageFaults = { loss: 0, repetition: 0 }

/** A process that runs the job. @internal */
export class Incarnation {
  readonly process: SimulatedProcess
  readonly handle: JobHandle
  /** What an undisturbed run writes, by sink. */
  readonly expected: ExpectedOutputs
  /** `undefined` as long as it runs; an error if the job failed. */
  outcome: 'finished' | 'stopped' | 'cancelled' | Error | undefined
  readonly #parts: IncarnationParts
  readonly #storage: SimulatedStorageHandle

  constructor(parts: IncarnationParts, { pid, parallelism, fresh }: IncarnationOptions) {
    this.#parts = parts
    this.process = new SimulatedProcess(parts.world, pid)
    this.#storage = parts.disk.open((operation) => this.#storageStep(operation))
    const { job, expected } = this.#define()
    this.expected = expected
    const threads = randomBelow(parts.world.prng, 4)
    this.handle = startJob(job, { parallelism, fresh, threads }, this.#runtime(job))
    this.handle.ended.then(
      (outcome) => {
        this.outcome = outcome
      },
      (cause: unknown) => {
        this.outcome = cause instanceof Error ? cause : new Error(String(cause))
      },
    )
  }

  /** The process dies; nothing of it happens any more. */
  kill(): void {
    this.process.kill()
    this.#storage.crash()
  }

  /** Every process defines the same job. */
  #define(): ReturnType<typeof randomJob> {
    const { seed, world, logs, target, guarantee, steady } = this.#parts
    const io = { process: this.process, below: (limit: number) => randomBelow(world.prng, limit) }
    return randomJob({
      prng: new SeededPrng(seed * 7919 + 1),
      guarantee,
      steady,
      logs: new Map([...logs].map(([id, log]) => [id, log.partitions])),
      createSource: (id) => new SimulatedSource(defined(logs.get(id), 'a source has its log'), io),
      createSink: () => new SimulatedSink(target, io),
      createPlainSink: () => new PlainSink(target, io),
    })
  }

  #runtime(job: JobDefinition): Parameters<typeof startJob>[2] {
    const { world, leaseMs, logger, faulty } = this.#parts
    const { pid } = this.process
    return {
      clock: world,
      scheduler: this.process,
      prng: world.prng,
      logger,
      metrics: new MetricRegistry(),
      storage: this.#storage,
      // Another machine for each: whether the other is alive can only be told from its silence,
      // except that the simulation may tell.
      probe: {
        self: {
          host: `host${pid}`,
          pidSpace: 'world',
          pid,
          processStart: `${pid}`,
          nonce: `${pid}`,
        },
        find: (other) => Promise.resolve(this.#find(other)),
      },
      channelLimits: {
        recordsMax: 1 + randomBelow(world.prng, 6),
        runRecordsMax: 1 + randomBelow(world.prng, 3),
      },
      taskLimits: {
        stepRecordsMax: 1 + randomBelow(world.prng, 3),
        sliceStepsMax: 1 + randomBelow(world.prng, 3),
        sliceMs: 1,
      },
      // State goes into a snapshot entry by entry, or all at once.
      ...(randomBelow(world.prng, 2) === 0 ? { sliceLimits: { bytesMax: 1, slotsMax: 1 } } : {}),
      leaseMs,
      threads: {
        module: 'simulated',
        // Often, a record is larger than the ring.
        ringBytes: 2 ** (4 + randomBelow(world.prng, 8)),
        start: (init, listener) => new SimulatedThread(init, listener, this.#threadWorld(job)),
      },
      wrapExecutor: (executor) =>
        new FaultyExecutor(executor, world, this.process, () =>
          faulty() ? messageFaults : noMessageFaults,
        ),
    }
  }

  #threadWorld(job: JobDefinition): SimulatedThreadWorld {
    const { world, faulty } = this.#parts
    return {
      clock: world,
      scheduler: this.process,
      storage: this.#storage,
      job,
      dies: () => {
        const dies = faulty() && world.chance(threadDeathChance)
        if (dies) this.#parts.onThreadDeath()
        return dies
      },
    }
  }

  #find(
    pid: number,
  ): { readonly status: 'gone' } | { readonly status: 'running'; readonly processStart: string } {
    const alive = this.#parts.world.livingPids.has(pid)
    return alive ? { status: 'running', processStart: `${pid}` } : { status: 'gone' }
  }

  async #storageStep(operation: string): Promise<void> {
    await this.process.io()
    const { faulty, world } = this.#parts
    const writes = operation !== 'read' && operation !== 'list' && operation !== 'size'
    if (!writes || !faulty() || !world.chance(storageFaultChance)) return
    throw new FlinktsError('FLINKTS_STORAGE_FULL', 'no space is left on the simulated disk')
  }
}
