import type { Attempt } from '../checkpoint/attempt.ts'
import type { AttemptStore } from '../checkpoint/attempt-store.ts'
import type { CheckpointOptions, CheckpointSink } from '../checkpoint/checkpoint-coordinator.ts'
import { CheckpointStore } from '../checkpoint/checkpoint-store.ts'
import type { CheckpointManifest } from '../checkpoint/manifest.ts'
import type { Clock } from '../common/clock.ts'
import { FlinktsError, toFlinktsError } from '../common/errors.ts'
import type { Logger } from '../common/logger.ts'
import type { MetricSink } from '../common/metrics.ts'
import type { Prng } from '../common/prng.ts'
import { type Cancellable, delay, type Scheduler } from '../common/scheduler.ts'
import type { Storage } from '../common/storage.ts'
import type { ConnectorContext } from '../connector/context.ts'
import type { ExecutionPlan } from '../graph/execution-plan.ts'
import { sinksOf, sourcesOf, type StreamGraph } from '../graph/stream-node.ts'
import { itemsOf, splitsList } from '../state/operator-state.ts'
import {
  type Deployment,
  type RestoredOperatorState,
  type TaskExecutor,
  taskName,
} from '../task/task-protocol.ts'
import { buildManifest } from './build-manifest.ts'
import { JobAttempt, type AttemptOutcome, type SourceCoordinatorFactory } from './job-attempt.ts'
import { logLeftBehind } from './left-behind.ts'
import { commitRestored } from './recovery-commit.ts'
import { RestartPolicy, type RestartStrategy } from './restart-strategy.ts'
import { planRestore } from './restore-plan.ts'
import { SourceCoordinator } from './source-coordinator.ts'
import { alignmentsOf } from './watermark-alignment.ts'

/** Where a job is in its life. @public */
export type JobStatus =
  | 'created'
  /** Claims an attempt, restores the last checkpoint, commits what it holds, opens the tasks. */
  | 'starting'
  | 'running'
  /** Failed, and waits to start again. */
  | 'restarting'
  /** The input ended, and all output is committed. */
  | 'finished'
  /** Stopped on request after a checkpoint; a later run goes on from there. */
  | 'stopped'
  | 'cancelled'
  | 'failed'

/** @internal */
export interface JobMasterParts {
  readonly graph: StreamGraph
  readonly plan: ExecutionPlan
  readonly executor: TaskExecutor
  /** Rooted at the job's directory. */
  readonly storage: Storage
  readonly attempts: AttemptStore
  readonly retainedCheckpointsMax: number
  readonly checkpointOptions: CheckpointOptions
  readonly restartStrategy: RestartStrategy
  /** The checkpoint to restore at first; `undefined`: the newest. */
  readonly from: number | undefined
  /** Begin without state, as a lineage of its own. */
  readonly fresh: boolean
  readonly onStatus: (status: JobStatus) => void
  readonly clock: Clock
  readonly scheduler: Scheduler
  readonly prng: Prng
  readonly logger: Logger
  readonly metrics: MetricSink
}

/**
 * Runs a job, attempt after attempt, until it ends. Runs on the coordinator's thread.
 *
 *     created ──► starting ──► running ──► finished, stopped, cancelled
 *                    ▲  └─failure─┴──► restarting ──► failed
 *                    └────────────────────┘
 *
 * Every attempt claims the next number first, which fences all earlier ones (I5); then restores and
 * commits; and only then deploys tasks.
 *
 * @internal
 */
export class JobMaster {
  readonly #parts: JobMasterParts
  readonly #end = new AbortController()
  #requested: 'stop' | 'cancel' | undefined
  #running: JobAttempt | undefined
  #attempt: Attempt | undefined
  #attempts = 0

  constructor(parts: JobMasterParts) {
    this.#parts = parts
  }

  /** Runs the job to its end. @throws FlinktsError what made it fail */
  async run(): Promise<AttemptOutcome> {
    const policy = new RestartPolicy(this.#parts.restartStrategy, this.#parts.prng)
    try {
      for (;;) {
        const outcome = await this.#runOrFail(policy)
        if (outcome === 'restart') continue
        this.#parts.onStatus(outcome)
        return outcome
      }
    } catch (cause) {
      await this.#tellLeftBehind()
      this.#parts.onStatus('failed')
      throw cause
    } finally {
      await this.#release()
    }
  }

  /** For whoever decides not to run the job again. */
  async #tellLeftBehind(): Promise<void> {
    const attempt = this.#attempt
    if (attempt === undefined) return
    const contextOf = (operatorId: string): ConnectorContext => this.#context(attempt, operatorId)
    await logLeftBehind(sinksOf(this.#parts.graph), contextOf)
  }

  /** Stops after a checkpoint, as soon as possible. Idempotent. */
  stop(): void {
    this.#requested ??= 'stop'
    this.#end.abort()
    this.#running?.stop()
  }

  /** Ends without a further checkpoint. Idempotent. */
  cancel(): void {
    this.#requested = 'cancel'
    this.#end.abort()
    this.#running?.cancel()
  }

  /** Not released, the next run only waits a little longer. */
  async #release(): Promise<void> {
    try {
      await this.#attempt?.release()
    } catch (cause) {
      this.#parts.logger.warn('the lease could not be released', { cause })
    }
  }

  async #runOrFail(policy: RestartPolicy): Promise<AttemptOutcome | 'restart'> {
    const { clock, scheduler, logger, onStatus } = this.#parts
    const start = clock.monotonic()
    try {
      return await this.#runAttempt()
    } catch (cause) {
      // What was asked to end before its tasks ran had nothing to checkpoint.
      const asked = cause === this.#end.signal.reason && this.#requested === 'stop'
      if (asked) return 'stopped'
      if (this.#requested === 'cancel') return 'cancelled'
      const failure = toFlinktsError(cause, 'FLINKTS_TASK_FAILED', 'the job failed')
      if (this.#requested === 'stop') throw failure
      const delayMs = policy.nextDelayMs(failure, clock.monotonic() - start)
      logRestart(logger, failure, { delayMs, restarts: policy.restarts })
      onStatus('restarting')
      await delay(scheduler, delayMs, this.#end.signal)
    }
    return this.#requested === undefined ? 'restart' : this.#endOf(this.#requested)
  }

  async #runAttempt(): Promise<AttemptOutcome> {
    const { attempts, storage, retainedCheckpointsMax, logger } = this.#parts
    this.#parts.onStatus('starting')
    const first = this.#attempts === 0
    this.#attempts += 1
    const attempt = await attempts.claim({ fresh: first && this.#parts.fresh })
    this.#attempt = attempt
    const renewal = this.#keepLease(attempt)
    try {
      const store = new CheckpointStore(storage, attempt, {
        retainedMax: retainedCheckpointsMax,
        logger,
      })
      const restored = await this.#restore(attempt, store, first)
      if (this.#requested !== undefined) return this.#endOf(this.#requested)
      const running = this.#createAttempt(attempt, restored, {
        sink: this.#checkpointSink(attempt, store),
        firstCheckpointId: await store.nextCheckpointId(),
      })
      this.#running = running
      // Asked for while the attempt was being made.
      if (this.#requested === 'stop') running.stop()
      if (this.#requested === 'cancel') running.cancel()
      return await running.run()
    } finally {
      this.#running = undefined
      renewal.cancel()
    }
  }

  #endOf(requested: 'stop' | 'cancel'): AttemptOutcome {
    return requested === 'stop' ? 'stopped' : 'cancelled'
  }

  /** Checks that the state fits before it commits anything, and commits before anything else. */
  async #restore(attempt: Attempt, store: CheckpointStore, first: boolean): Promise<Restored> {
    const { plan, graph, from, fresh, logger } = this.#parts
    if (first && fresh) await store.archive()
    const choice = { guarantee: plan.guarantee, ...(first && from !== undefined ? { from } : {}) }
    const manifest = await store.recover(choice)
    if (manifest === undefined) {
      logger.info('starting without state', { attempt: attempt.number })
      return { manifest, states: new Map() }
    }
    const states = planRestore(plan, manifest)
    const committed = await commitRestored(manifest, {
      sinks: sinksOf(graph),
      contextOf: (operatorId) => this.#context(attempt, operatorId),
      signal: this.#end.signal,
    })
    const { checkpointId } = manifest
    logger.info('restored', { attempt: attempt.number, checkpointId, committed })
    return { manifest, states }
  }

  #createAttempt(
    attempt: Attempt,
    { manifest, states }: Restored,
    checkpoints: { readonly sink: CheckpointSink; readonly firstCheckpointId: number },
  ): JobAttempt {
    const { plan, executor, checkpointOptions, clock, scheduler, logger, metrics, onStatus } =
      this.#parts
    const deployment: Deployment = {
      plan,
      jobId: attempt.jobId,
      attempt: attempt.number,
      restored: states,
    }
    return new JobAttempt({
      deployment,
      executor,
      createSources: (connection) => this.#createSources(attempt, { manifest, states }, connection),
      alignments: alignmentsOf(this.#parts.graph),
      checkpointSink: checkpoints.sink,
      checkpointOptions,
      firstCheckpointId: checkpoints.firstCheckpointId,
      onRunning: () => onStatus('running'),
      clock,
      scheduler,
      logger,
      metrics,
    })
  }

  #createSources(
    attempt: Attempt,
    { manifest, states }: Restored,
    connection: Parameters<SourceCoordinatorFactory>[0],
  ): ReadonlyMap<string, SourceCoordinator> {
    const { plan, graph } = this.#parts
    const coordinators = [...sourcesOf(graph)].map(([operatorId, source]) => {
      const operator = manifest?.operators.find((entry) => entry.operatorId === operatorId)
      const vertex = plan.vertices.find(({ vertexId }) => vertexId === operatorId)
      const parallelism = vertex?.parallelism ?? 1
      const restoredSplits = Array.from({ length: parallelism }, (_, subtask) => {
        const restored = states.get(taskName({ vertexId: operatorId, subtask })) ?? []
        return itemsOf(restored.find((entry) => entry.operatorId === operatorId)?.lists, splitsList)
      })
      const coordinator = new SourceCoordinator({
        source,
        context: this.#context(attempt, operatorId),
        parallelism,
        restored: operator?.enumerator,
        restoredSplits,
        send: (subtask, command) => connection.send(operatorId, subtask, command),
        fail: connection.fail,
      })
      return [operatorId, coordinator] as const
    })
    return new Map(coordinators)
  }

  #checkpointSink(attempt: Attempt, store: CheckpointStore): CheckpointSink {
    const identity = { plan: this.#parts.plan, jobId: attempt.jobId, attempt: attempt.number }
    return {
      begin: (checkpointId) => store.begin(checkpointId),
      complete: (checkpointId, parts) => {
        const createdAtMs = this.#parts.clock.now()
        return store.complete(buildManifest(identity, { ...parts, checkpointId, createdAtMs }))
      },
      discard: (checkpointId) => store.discard(checkpointId),
    }
  }

  #context(attempt: Attempt, operatorId: string): ConnectorContext {
    const { plan, clock, scheduler, logger } = this.#parts
    return {
      jobName: plan.jobName,
      jobId: attempt.jobId,
      operatorId,
      attempt: attempt.number,
      clock,
      scheduler,
      logger: logger.child({ operator: operatorId }),
    }
  }

  /** Says regularly that this process is alive; a fenced attempt fails. */
  #keepLease(attempt: Attempt): Cancellable {
    const { scheduler, attempts, logger } = this.#parts
    let cancelled = false
    let timer: Cancellable | undefined
    const renew = (): void => {
      attempt.renew().catch((cause: unknown) => {
        // Of an attempt that has ended, and that the next one has fenced.
        if (cancelled) return
        // A lease lasts for some renewals; and who loses it is fenced, whatever it believes.
        logger.warn('the lease could not be renewed', { cause })
        const fenced = cause instanceof FlinktsError && cause.code === 'FLINKTS_ATTEMPT_FENCED'
        if (fenced) this.#running?.fail(cause)
      })
      if (!cancelled) timer = scheduler.after(attempts.renewIntervalMs, renew)
    }
    timer = scheduler.after(attempts.renewIntervalMs, renew)
    return {
      cancel: () => {
        cancelled = true
        timer?.cancel()
      },
    }
  }
}

/** What an attempt starts from. */
interface Restored {
  readonly manifest: CheckpointManifest | undefined
  /** By `taskName`. */
  readonly states: ReadonlyMap<string, readonly RestoredOperatorState[]>
}

function logRestart(
  logger: Logger,
  failure: FlinktsError,
  restart: { readonly delayMs: number; readonly restarts: number },
): void {
  logger.warn('the job failed and starts again from its last checkpoint', {
    code: failure.code,
    reason: failure.message,
    delayMs: Math.round(restart.delayMs),
    restarts: restart.restarts,
  })
}
