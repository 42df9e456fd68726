import type { Clock, Logger, Scheduler } from '@flinkts/core/connector'
import { createTransport } from '../client.ts'
import { KafkaCluster } from '../cluster/kafka-cluster.ts'
import type { ClusterEnvironment } from '../cluster/retry.ts'
import type { ResolvedKafkaSourceOptions } from '../options.ts'

/** What the engine gives to enumerator and reader alike. @internal */
export interface SourcePlace {
  readonly clock: Clock
  readonly scheduler: Scheduler
  readonly logger: Logger
}

/** What the parts of a source share on their thread. @internal */
export interface SourceContext extends ClusterEnvironment {
  readonly options: ResolvedKafkaSourceOptions
  readonly logger: Logger
  /** Connects when it is first asked something; whoever has the context closes it. */
  readonly cluster: KafkaCluster
}

/** @internal */
export function openSourceContext(
  options: ResolvedKafkaSourceOptions,
  { clock, scheduler, logger }: SourcePlace,
): SourceContext {
  // Pauses only: nothing that a checkpoint or a record could depend on.
  const environment = { clock, scheduler, random: () => Math.random() }
  const transport = createTransport(options.connection, environment)
  const cluster = new KafkaCluster(transport, options.connection, environment)
  return { ...environment, options, logger, cluster }
}
