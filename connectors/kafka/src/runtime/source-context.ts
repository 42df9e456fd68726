import type { Clock, Logger, Scheduler } from '@flinkts/core/connector'
import type { KafkaCluster } from '../cluster/kafka-cluster.ts'
import type { ClusterEnvironment } from '../cluster/retry.ts'
import type { ResolvedKafkaSourceOptions } from '../options.ts'
import { environmentOf, openCluster } from './open-cluster.ts'

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
  place: SourcePlace,
): SourceContext {
  const environment = environmentOf(place)
  const cluster = openCluster(options.connection, environment)
  return { ...environment, options, logger: place.logger, cluster }
}
