import { FlinktsError } from '../common/errors.ts'
import { MetricRegistry } from '../common/metric-registry.ts'
import type { Logger } from '../common/logger.ts'
import type { MetricSink } from '../common/metrics.ts'
import { ConsoleLogger } from '../platform/console-logger.ts'
import { NodeClock } from '../platform/node-clock.ts'
import { NodePrng } from '../platform/node-prng.ts'
import { NodeProcessProbe } from '../platform/node-process-probe.ts'
import { NodeScheduler } from '../platform/node-scheduler.ts'
import { NodeStorage } from '../platform/node-storage.ts'
import { insideTaskThread, NodeTaskThread } from '../platform/node-task-thread.ts'
import type { TaskThread, ThreadInit, ThreadListener } from '../threads/thread-protocol.ts'
import { type JobFinding, preflightJob, refuse } from './check-job.ts'
import type { JobDefinition } from './define-job.ts'
import { type JobHandle, planOf, type RunOptions, startJob } from './start-job.ts'

/** Where and how a job runs in this process. @public */
export interface RunJobOptions extends RunOptions {
  /** The directory under which the job keeps its own, named after it. */
  readonly checkpointDirectory: string
  /**
   * The URL of the module whose default export is the job; needed with threads, each of which loads
   * it. It must define the same job every time, and not run it.
   */
  readonly module?: string | URL
  /** Default: lines on standard error, pretty on a terminal, else JSON. */
  readonly logger?: Logger
  /** Receives every metric, besides `JobHandle.metrics`. */
  readonly metrics?: MetricSink
  /** Gets what the checks found, before the start or the refusal; default: warnings are logged. */
  readonly onFindings?: (findings: readonly JobFinding[]) => void
}

/**
 * Runs a job in this process, on the caller's thread unless it has threads of its own: checks
 * every connector, then goes on from the newest checkpoint, if there is one. A process that runs a
 * job must not be asked to run it twice at a time.
 *
 * @throws FlinktsError FLINKTS_PREFLIGHT_FAILED with all that the checks found;
 * FLINKTS_OPTION_INVALID if there are threads and no module; FLINKTS_THREAD_MODULE_INVALID in a
 * thread of a job; later failures reject `ended`.
 * @public
 */
export async function runJob(job: JobDefinition, options: RunJobOptions): Promise<JobHandle> {
  const { checkpointDirectory, logger: given, metrics, onFindings, module, ...runOptions } = options
  refuseInThread(job.name)
  const clock = new NodeClock()
  const scheduler = new NodeScheduler()
  const logger = given ?? new ConsoleLogger({ clock })
  const findings = await preflightJob(job, planOf(job, runOptions), scheduler)
  if (onFindings === undefined) logWarnings(logger, findings)
  else onFindings(findings)
  refuse(job.name, findings)
  return startJob(job, runOptions, {
    clock,
    scheduler,
    prng: new NodePrng(),
    logger,
    metrics: new MetricRegistry(metrics),
    storage: new NodeStorage(`${checkpointDirectory}/${job.name}`),
    probe: new NodeProcessProbe(),
    ...(module === undefined ? {} : { threads: { start: startThread, module: String(module) } }),
  })
}

function startThread(init: ThreadInit, listener: ThreadListener): TaskThread {
  return new NodeTaskThread(init, listener)
}

/** A module that runs its job when it is loaded would start it again in every thread. */
function refuseInThread(jobName: string): void {
  if (!insideTaskThread()) return
  throw new FlinktsError(
    'FLINKTS_THREAD_MODULE_INVALID',
    `job "${jobName}" was run by a module that a thread of a job has loaded`,
    {
      hint:
        'Define the job in a module of its own, and run it from another one: the module of a job ' +
        'is loaded in every thread.',
    },
  )
}

function logWarnings(logger: Logger, findings: readonly JobFinding[]): void {
  for (const { severity, message, operatorId, hint } of findings) {
    if (severity === 'warning') logger.warn(message, { operator: operatorId, hint })
  }
}

/**
 * Runs every check of every connector of the job, and changes nothing.
 *
 * @public
 */
export function checkJob(
  job: JobDefinition,
  options: RunOptions = {},
): Promise<readonly JobFinding[]> {
  return preflightJob(job, planOf(job, options), new NodeScheduler())
}
