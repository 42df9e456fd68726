export type {
  ConnectionOptions,
  Password,
  ReconnectBackoffOptions,
  SaslOptions,
  TlsOptions,
} from './connection/connection-options.ts'
export type {
  FetchOptions,
  KafkaSourceOptions,
  OnDeserializeError,
  PartitionEnd,
  PartitionOffset,
  StartPosition,
  StopPosition,
} from './options.ts'
export type { Isolation } from './protocol/isolation.ts'
export type { TopicPartition } from './protocol/topics.ts'
export type { RecordHeader, TimestampType } from './records/record-batch.ts'
export type { KafkaCommittable } from './sink/committable.ts'
export type {
  CompressionName,
  KafkaBytes,
  KafkaSinkOptions,
  PartitionedRecord,
  Partitioner,
} from './sink/options.ts'
export { kafkaSink } from './sink/sink.ts'
export { kafkaSource } from './source.ts'
export {
  bytesDeserializer,
  jsonDeserializer,
  stringDeserializer,
} from './values/deserializers.ts'
export type {
  Deserializer,
  KafkaDeadLetter,
  KafkaRecord,
  RecordContext,
} from './values/kafka-record.ts'
