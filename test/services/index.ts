export type { Address, ServerControl } from './container.ts'
export { eventually, type WaitOptions, within } from './eventually.ts'
export type { ExecuteResult } from './execute.ts'
export {
  type KafkaBroker,
  type KafkaOptions,
  type KafkaServer,
  type SharedKafka,
  sharedKafka,
  startKafka,
  uniqueName,
} from './kafka.ts'
export type { KafkaQueries, OpenTransaction, TopicOptions } from './kafka-queries.ts'
export type { ConsumedRecord, ConsumeOptions } from './kafka-records.ts'
export {
  type KafkaUser,
  kafkaUsers,
  type SaslMechanism,
  type SecurityChoice,
  saslProperties,
  tlsProperties,
} from './kafka-security.ts'
export { kafkaDefaults, type KafkaVersion, kafkaVersions } from './kafka-service.ts'
export type { KafkaTool, ToolOptions } from './kafka-tools.ts'
export {
  type FetchedPartition,
  type LogRecord,
  type PartitionLeader,
  withLeaders,
} from './kafkajs-leaders.ts'
export {
  type PostgresConnection,
  type PostgresDatabase,
  type PostgresOptions,
  type PostgresQueries,
  type PostgresServer,
  postgresDefaults,
  type SharedPostgres,
  sharedPostgres,
  startPostgres,
} from './postgres.ts'
export { prepareServices } from './prepare.ts'
