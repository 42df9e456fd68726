import { systemTime } from '@flinkts/core/connector'
import type { ClusterEnvironment } from '../../src/cluster/retry.ts'
import type { KafkaCluster } from '../../src/cluster/kafka-cluster.ts'
import {
  type ConnectionOptions,
  resolveConnection,
} from '../../src/connection/connection-options.ts'
import { openCluster as openPlainCluster } from '../../src/runtime/open-cluster.ts'

/** The seams as in production, but for chance. */
export const environment: ClusterEnvironment = {
  clock: systemTime,
  scheduler: systemTime,
  random: () => 0.5,
}

/**
 * A cluster over real connections, which the test closes: `await using cluster = openCluster(…)`.
 */
export function openCluster(options: ConnectionOptions): KafkaCluster & AsyncDisposable {
  const cluster = openPlainCluster(resolveConnection(options), environment)
  return Object.assign(cluster, { [Symbol.asyncDispose]: () => cluster.close() })
}
