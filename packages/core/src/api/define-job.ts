import { FlinktsError } from '../common/errors.ts'
import type { DeliveryGuarantee } from '../common/guarantee.ts'
import type { StreamGraph } from '../graph/stream-node.ts'
import { GraphBuilder } from './graph-builder.ts'
import { type JobOptions, type ResolvedJobOptions, resolveJobOptions } from './job-options.ts'
import { StreamEnvironment } from './stream-environment.ts'

/**
 * A job as it was defined; what `flinkts run` finds as the default export of a job file. @public
 */
export interface JobDefinition {
  readonly name: string
  /** @internal */
  readonly graph: StreamGraph
  /** @internal */
  readonly options: ResolvedJobOptions
}

/** A job name is also the name of a directory. */
const jobNameForm = /^[A-Za-z][A-Za-z0-9._-]{0,63}$/

/**
 * Defines a job: `build` is called once, at once, and records sources, operators and sinks. Nothing
 * is opened. The same file must define the same job every time it is loaded.
 *
 * @param name - Names the job and the directory of its checkpoints, for ever.
 * @throws FlinktsError FLINKTS_JOB_INVALID, FLINKTS_OPTION_INVALID, FLINKTS_OPERATOR_ID_INVALID,
 * FLINKTS_OPERATOR_ID_DUPLICATE, FLINKTS_GUARANTEE_VIOLATED
 * @public
 */
export function defineJob<Guarantee extends DeliveryGuarantee = 'exactly-once'>(
  name: string,
  options: JobOptions<Guarantee>,
  build: (env: StreamEnvironment<Guarantee>) => void,
): JobDefinition {
  if (!jobNameForm.test(name)) {
    throw new FlinktsError('FLINKTS_JOB_INVALID', `job name "${name}" has a wrong form`, {
      hint: 'Begin with a letter, then letters, digits, "-", "_" and ".", at most 64 in all.',
    })
  }
  const resolved = resolveJobOptions(name, options)
  const builder = new GraphBuilder(name, resolved)
  build(new StreamEnvironment(builder))
  return { name, graph: builder.build(), options: resolved }
}
