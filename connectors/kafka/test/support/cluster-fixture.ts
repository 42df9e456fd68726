import { createTransport } from '../../src/client.ts'
import type { ClusterEnvironment } from '../../src/cluster/retry.ts'
import { KafkaCluster } from '../../src/cluster/kafka-cluster.ts'
import {
  type ConnectionOptions,
  resolveConnection,
} from '../../src/connection/connection-options.ts'
import { realTime } from './real-time.ts'

/** The seams as in production, but for chance. */
export const environment: ClusterEnvironment = {
  clock: realTime,
  scheduler: realTime,
  random: () => 0.5,
}

/**
 * A cluster over real connections, which the test closes: `await using cluster = openCluster(…)`.
 */
export function openCluster(options: ConnectionOptions): KafkaCluster & AsyncDisposable {
  const connection = resolveConnection(options)
  const transport = createTransport(connection, environment)
  const cluster = new KafkaCluster(transport, connection, environment)
  return Object.assign(cluster, { [Symbol.asyncDispose]: () => cluster.close() })
}
