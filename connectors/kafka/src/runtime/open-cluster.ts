import type { Clock, Scheduler } from '@flinkts/core/connector'
import { createTransport } from '../client.ts'
import { KafkaCluster } from '../cluster/kafka-cluster.ts'
import type { ClusterEnvironment } from '../cluster/retry.ts'
import type { ResolvedConnection } from '../connection/connection-options.ts'

/** The seams of production: chance is for pauses, no checkpoint depends on it. @internal */
export function environmentOf({
  clock,
  scheduler,
}: {
  readonly clock: Clock
  readonly scheduler: Scheduler
}): ClusterEnvironment {
  return { clock, scheduler, random: () => Math.random() }
}

/** Connects when it is first asked something; whoever opens it closes it. @internal */
export function openCluster(
  connection: ResolvedConnection,
  environment: ClusterEnvironment,
): KafkaCluster {
  return new KafkaCluster(createTransport(connection, environment), connection, environment)
}
