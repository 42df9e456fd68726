import { FlinktsError } from '../common/errors.ts'
import type { DeliveryGuarantee } from '../common/guarantee.ts'
import { planJob } from '../graph/plan-job.ts'
import type { StreamGraph } from '../graph/stream-node.ts'
import type { ThreadInit } from './thread-protocol.ts'

/** What a thread needs of the job that its module exports. */
interface ThreadJob {
  readonly graph: StreamGraph
  readonly options: {
    readonly guarantee: DeliveryGuarantee
    readonly parallelism: number
    readonly maxParallelism: number
  }
}

/**
 * The graph of the job that is deployed, from the default export of its module.
 *
 * @throws FlinktsError FLINKTS_THREAD_MODULE_INVALID if it is not the same job
 * @internal
 */
export async function loadGraph(
  init: ThreadInit,
  load: (module: string) => Promise<unknown>,
): Promise<StreamGraph> {
  const { module, parallelism, deployment } = init
  const { jobName, fingerprint } = deployment.plan
  const job = await loadDefault(module, load)
  if (!isJob(job)) {
    throw invalid(module, 'does not export a job by default', {
      hint: `Export the job "${jobName}" by default from the module given as option "module".`,
    })
  }
  const { guarantee, maxParallelism } = job.options
  const plan = planJob(job.graph, {
    guarantee,
    maxParallelism,
    parallelism: parallelism ?? job.options.parallelism,
  })
  if (plan.fingerprint === fingerprint) return job.graph
  throw invalid(module, `defines another job in a thread than the job "${jobName}" that runs`, {
    hint:
      'A module must define the same job every time it is loaded: look for what it takes from ' +
      'the time, from random numbers, or from variables that the main thread has set.',
  })
}

async function loadDefault(
  module: string,
  load: (module: string) => Promise<unknown>,
): Promise<unknown> {
  try {
    const exported = await load(module)
    return isObject(exported) ? exported['default'] : undefined
  } catch (cause) {
    throw invalid(module, 'cannot be loaded in a thread', {
      hint: 'See the cause. Every thread loads the module, which must only define the job.',
      cause,
    })
  }
}

function invalid(
  module: string,
  problem: string,
  details: { readonly hint: string; readonly cause?: unknown },
): FlinktsError {
  const message = `the module "${module}" ${problem}`
  return new FlinktsError('FLINKTS_THREAD_MODULE_INVALID', message, details)
}

/** By its form: the module may use a copy of flinkts of its own. */
function isJob(value: unknown): value is ThreadJob {
  return (
    isObject(value) &&
    isObject(value['graph']) &&
    Array.isArray(value['graph']['nodes']) &&
    isObject(value['options'])
  )
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
