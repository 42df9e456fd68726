import { FlinktsError, type JobDefinition } from '@flinkts/core'
import type { DeliveryGuarantee, SinkProver } from '@flinkts/core/connector'
import { connectorsOf } from '@flinkts/core/testing'

/** A sink of the job, and how it is proved. @internal */
export interface ProvableSink {
  readonly operatorId: string
  readonly description: string
  readonly guarantee: DeliveryGuarantee
  /** Whether it has something to commit. */
  readonly commits: boolean
  readonly prover: SinkProver<unknown>
}

/** A source of the job. @internal */
export interface ProvableSource {
  readonly operatorId: string
  readonly description: string
  /** Whether it goes on for ever, and is cut off at what is there now. */
  readonly cutOff: boolean
}

/** What of a job is to be proved. @internal */
export interface ProvableJob {
  readonly sources: readonly ProvableSource[]
  readonly sinks: readonly ProvableSink[]
}

/**
 * The provers of a job.
 *
 * @throws FlinktsError FLINKTS_PROVE_UNSUPPORTED, which names every connector that has none
 * @internal
 */
export async function proversOf(job: JobDefinition): Promise<ProvableJob> {
  const { sources, sinks } = connectorsOf(job)
  const without = [
    ...[...sources].flatMap(([id, source]) =>
      source.prover === undefined ? [`source "${id}" (${source.description})`] : [],
    ),
    ...[...sinks].flatMap(([id, sink]) =>
      sink.prover === undefined ? [`sink "${id}" (${sink.description})`] : [],
    ),
  ]
  if (without.length > 0) throw unsupported(job.name, without)
  const provable: ProvableSink[] = []
  for (const [operatorId, sink] of sinks) {
    const { description, guarantee } = sink
    const prover = await sink.prover?.()
    const commits = sink.createCommitter !== undefined
    if (prover !== undefined) provable.push({ operatorId, description, guarantee, commits, prover })
  }
  return {
    sources: [...sources].map(([operatorId, { description, boundedness }]) => {
      return { operatorId, description, cutOff: boundedness !== 'bounded' }
    }),
    sinks: provable,
  }
}

function unsupported(jobName: string, without: readonly string[]): FlinktsError {
  return new FlinktsError(
    'FLINKTS_PROVE_UNSUPPORTED',
    `job "${jobName}" cannot be proved: there is no prover for ${without.join(', ')}`,
    {
      hint:
        'Connectors bring their provers; docs/prove.md lists which do, and how they must be ' +
        'configured. Prove the job with one of those in its place.',
    },
  )
}
