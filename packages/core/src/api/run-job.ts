import { MetricRegistry } from '../common/metric-registry.ts'
import type { Logger } from '../common/logger.ts'
import type { MetricSink } from '../common/metrics.ts'
import { ConsoleLogger } from '../platform/console-logger.ts'
import { NodeClock } from '../platform/node-clock.ts'
import { NodePrng } from '../platform/node-prng.ts'
import { NodeProcessProbe } from '../platform/node-process-probe.ts'
import { NodeScheduler } from '../platform/node-scheduler.ts'
import { NodeStorage } from '../platform/node-storage.ts'
import { type JobFinding, preflightJob, refuse } from './check-job.ts'
import type { JobDefinition } from './define-job.ts'
import { type JobHandle, planOf, type RunOptions, startJob } from './start-job.ts'

/** Where and how a job runs in this process. @public */
export interface RunJobOptions extends RunOptions {
  /** The directory under which the job keeps its own, named after it. */
  readonly checkpointDirectory: string
  /** Default: lines on standard error, pretty on a terminal, else JSON. */
  readonly logger?: Logger
  /** Receives every metric, besides `JobHandle.metrics`. */
  readonly metrics?: MetricSink
  /** Gets what the checks found, before the start or the refusal; default: warnings are logged. */
  readonly onFindings?: (findings: readonly JobFinding[]) => void
}

/**
 * Runs a job in this process and thread: checks every connector, then goes on from the newest
 * checkpoint, if there is one. A process that runs a job must not be asked to run it twice at a
 * time.
 *
 * @throws FlinktsError FLINKTS_PREFLIGHT_FAILED with all that the checks found; later failures
 * reject `ended`.
 * @public
 */
export async function runJob(job: JobDefinition, options: RunJobOptions): Promise<JobHandle> {
  const { checkpointDirectory, logger: given, metrics, onFindings, ...runOptions } = options
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
  })
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
