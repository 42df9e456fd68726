import { FlinktsError, messageOf } from '../common/errors.ts'
import { delay, type Scheduler } from '../common/scheduler.ts'
import type { Finding, Preflight } from '../connector/preflight.ts'
import type { ExecutionPlan } from '../graph/execution-plan.ts'
import type { StreamNode } from '../graph/stream-node.ts'
import type { JobDefinition } from './define-job.ts'

/** A finding, and the operator that it is about. @public */
export interface JobFinding extends Finding {
  readonly operatorId: string
}

const preflightTimeoutMs = 15_000

/**
 * Runs the preflight of every source, sink and operator at the same time, and gives all findings. A
 * preflight that throws, or takes longer than 15 s, is a finding itself.
 *
 * @internal
 */
export async function preflightJob(
  job: JobDefinition,
  plan: ExecutionPlan,
  scheduler: Scheduler,
): Promise<readonly JobFinding[]> {
  const findings = await Promise.all(
    job.graph.nodes.map((node) =>
      check({ job, plan, scheduler }, node.operatorId, preflightOf(node)),
    ),
  )
  return findings.flat()
}

function preflightOf({ operation }: StreamNode): Preflight {
  if (operation.type === 'source') return operation.source
  return operation.type === 'sink' ? operation.sink : operation
}

async function check(
  target: {
    readonly job: JobDefinition
    readonly plan: ExecutionPlan
    readonly scheduler: Scheduler
  },
  operatorId: string,
  connector: Preflight,
): Promise<readonly JobFinding[]> {
  if (connector.preflight === undefined) return []
  const abort = new AbortController()
  const vertex = target.plan.vertices.find(({ operators }) =>
    operators.some((operator) => operator.operatorId === operatorId),
  )
  const timedOut = delay(target.scheduler, preflightTimeoutMs, abort.signal).then(() => [tooSlow])
  try {
    const findings = await Promise.race([
      connector.preflight({
        operatorId,
        jobName: target.job.name,
        parallelism: vertex?.parallelism ?? 1,
        signal: abort.signal,
      }),
      timedOut,
    ])
    return findings.map((finding) => ({ operatorId, ...finding }))
  } catch (cause) {
    return [{ operatorId, ...thrown(cause) }]
  } finally {
    abort.abort()
  }
}

const tooSlow: Finding = {
  severity: 'error',
  code: 'preflight-timeout',
  message: `the preflight took longer than ${preflightTimeoutMs} ms`,
  hint: 'The external system does not answer. Look whether it is reachable and not frozen.',
}

function thrown(cause: unknown): Finding {
  const known = cause instanceof FlinktsError
  return {
    severity: 'error',
    code: known ? cause.code : 'preflight-failed',
    message: messageOf(cause),
    hint: (known ? cause.hint : undefined) ?? 'See the message of the connector.',
  }
}

/**
 * Throws if a finding stops the start.
 *
 * @throws FlinktsError FLINKTS_PREFLIGHT_FAILED with every finding of severity `error`
 * @internal
 */
export function refuse(jobName: string, findings: readonly JobFinding[]): void {
  const errors = findings.filter(({ severity }) => severity === 'error')
  if (errors.length === 0) return
  const lines = errors.map(
    ({ operatorId, code, message }) => `"${operatorId}": ${message} (${code})`,
  )
  throw new FlinktsError(
    'FLINKTS_PREFLIGHT_FAILED',
    `job "${jobName}" cannot start: ${lines.join('; ')}`,
    { hint: errors.map(({ hint }) => hint).join(' ') },
  )
}
