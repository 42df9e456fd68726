import { AttemptStore } from '../checkpoint/attempt-store.ts'
import type { ProcessProbe } from '../checkpoint/process-probe.ts'
import type { Clock } from '../common/clock.ts'
import { FlinktsError } from '../common/errors.ts'
import type { Logger } from '../common/logger.ts'
import type { JobMetrics, MetricRegistry } from '../common/metric-registry.ts'
import type { Prng } from '../common/prng.ts'
import type { Scheduler } from '../common/scheduler.ts'
import type { Storage } from '../common/storage.ts'
import type { ExecutionPlan } from '../graph/execution-plan.ts'
import { planJob } from '../graph/plan-job.ts'
import { type ChannelLimits, defaultChannelLimits } from '../network/channel.ts'
import { JobMaster, type JobStatus } from '../scheduler/job-master.ts'
import { defaultSliceLimits, type SliceLimits } from '../state/keyed-snapshot.ts'
import { LocalTaskExecutor } from '../task/local-task-executor.ts'
import { defaultTaskLimits, type TaskLimits } from '../task/stream-task.ts'
import type { TaskExecutor } from '../task/task-protocol.ts'
import type { TaskServices } from '../task/task-services.ts'
import { ThreadedTaskExecutor, type ThreadSettings } from '../threads/threaded-task-executor.ts'
import type { JobDefinition } from './define-job.ts'
import { resolveThreadHeap, resolveThreads } from './job-options.ts'

/** What a job needs from outside. @internal */
export interface JobRuntime {
  readonly clock: Clock
  readonly scheduler: Scheduler
  readonly prng: Prng
  readonly logger: Logger
  readonly metrics: MetricRegistry
  /** Rooted at the job's own directory. */
  readonly storage: Storage
  readonly probe: ProcessProbe
  readonly channelLimits?: ChannelLimits
  readonly taskLimits?: TaskLimits
  readonly sliceLimits?: SliceLimits
  /** How long a silent process keeps the job, in milliseconds. */
  readonly leaseMs?: number
  /** How threads are started, and the module of the job; absent: there can be none. */
  readonly threads?: Pick<ThreadSettings, 'start' | 'module' | 'ringBytes'>
  /** Wraps the executor of the tasks: where a simulation loses messages. */
  readonly wrapExecutor?: (executor: TaskExecutor) => TaskExecutor
}

/** Settings of one run of a job. @public */
export interface RunOptions {
  /** Subtasks of operators that do not say otherwise; overrides the definition. */
  readonly parallelism?: number
  /** Worker threads that run the subtasks; overrides the definition. See `JobOptions.threads`. */
  readonly threads?: number
  /**
   * How much the heap of each worker thread may grow to, in MiB, >= 32; default: all threads
   * together get three quarters of the memory. `node --max-old-space-size` overrides it.
   */
  readonly threadHeapMibMax?: number
  /** The id of the checkpoint to restore; default: the newest. Later ones are set aside. */
  readonly from?: number
  /** Begin without state, as a new lineage; what the older one wrote is not touched. */
  readonly fresh?: boolean
}

/** A job that runs, or ran. @public */
export interface JobHandle {
  readonly plan: ExecutionPlan
  readonly status: JobStatus
  /** How often the job was started again after a failure, in this run. */
  readonly restarts: number
  /** What the job has done so far, in this run. */
  metrics(): JobMetrics
  /**
   * Resolves when the job has ended. Rejects with the FlinktsError that made it fail.
   */
  readonly ended: Promise<'finished' | 'stopped' | 'cancelled'>
  /** Takes a checkpoint, commits it, and ends; a later run goes on from there. Idempotent. */
  stop(): void
  /** Ends at once; a later run goes on from the last completed checkpoint. Idempotent. */
  cancel(): void
}

/** The plan of a job as a run with these options would execute it. @internal */
export function planOf(job: JobDefinition, options: RunOptions = {}): ExecutionPlan {
  const { guarantee, parallelism, maxParallelism } = job.options
  return planJob(job.graph, {
    guarantee,
    parallelism: options.parallelism ?? parallelism,
    maxParallelism,
  })
}

/** Starts a job. Runs on the caller's thread. @internal */
export function startJob(job: JobDefinition, options: RunOptions, runtime: JobRuntime): JobHandle {
  const { clock, scheduler, prng, logger, metrics, storage, probe, leaseMs } = runtime
  const plan = planOf(job, options)
  const executor = createExecutor(job, options, runtime)
  let status: JobStatus = 'created'
  let restarts = 0
  const master = new JobMaster({
    graph: job.graph,
    plan,
    executor: runtime.wrapExecutor?.(executor) ?? executor,
    storage,
    attempts: new AttemptStore({
      storage,
      jobName: job.name,
      clock,
      prng,
      probe,
      logger,
      ...(leaseMs === undefined ? {} : { leaseMs }),
    }),
    retainedCheckpointsMax: job.options.retainedCheckpointsMax,
    checkpointOptions: {
      intervalMs: job.options.checkpointIntervalMs,
      minPauseMs: job.options.checkpointMinPauseMs,
      timeoutMs: job.options.checkpointTimeoutMs,
      tolerableFailures: job.options.tolerableCheckpointFailures,
    },
    restartStrategy: job.options.restart,
    from: options.from,
    fresh: options.fresh ?? false,
    onStatus: (next) => {
      status = next
      if (status === 'restarting') restarts += 1
      logger.debug('job status', { status })
    },
    clock,
    scheduler,
    prng,
    logger,
    metrics,
  })
  return {
    plan,
    get status() {
      return status
    },
    get restarts() {
      return restarts
    },
    metrics: () => metrics.collect(),
    ended: master.run(),
    stop: () => master.stop(),
    cancel: () => master.cancel(),
  }
}

function createExecutor(
  job: JobDefinition,
  options: RunOptions,
  runtime: JobRuntime,
): TaskExecutor {
  const { clock, scheduler, logger, metrics, storage } = runtime
  const services: TaskServices = {
    clock,
    scheduler,
    logger,
    metrics,
    storage,
    channelLimits: runtime.channelLimits ?? defaultChannelLimits,
    taskLimits: runtime.taskLimits ?? defaultTaskLimits,
    sliceLimits: runtime.sliceLimits ?? defaultSliceLimits,
  }
  const count = resolveThreads(job.name, job.options, options.threads)
  const heapMibMax = resolveThreadHeap(job.name, options.threadHeapMibMax)
  if (count === 0) return new LocalTaskExecutor(job.graph, services)
  if (runtime.threads === undefined) throw moduleMissing(job.name, count)
  const { parallelism } = options
  return new ThreadedTaskExecutor({ ...runtime.threads, count, parallelism, heapMibMax }, services)
}

function moduleMissing(jobName: string, count: number): FlinktsError {
  return new FlinktsError(
    'FLINKTS_OPTION_INVALID',
    `job "${jobName}" is to run in ${count} threads, and option "module" is missing`,
    {
      hint:
        'Every thread loads the job from its module: export the job by default from a module of ' +
        'its own, and give runJob that module as option "module"; there, import.meta.url is it.',
    },
  )
}
