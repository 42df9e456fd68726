export type {
  Change,
  ChangeSource,
  Operation,
  PgValue,
  Row,
  SchemaColumn,
} from './records/change.ts'
export type { ConnectionOptions, Password } from './connection/connection-options.ts'
export type {
  LookupCacheOptions,
  LookupKey,
  PostgresLookupOptions,
} from './lookup/options.ts'
export { postgresLookup } from './lookup/lookup.ts'
export type {
  PostgresCdcOptions,
  RetryOptions,
  SnapshotOptions,
  StreamOptions,
} from './options.ts'
export type { Removed, SourceOwner } from './catalog/removal.ts'
export { dropSlotAndPublication, postgresCdc } from './source.ts'
export { applyChange } from './sink/apply-change.ts'
export type { PostgresCommittable } from './sink/committable.ts'
export type { ColumnMapping, PostgresSinkMode, PostgresSinkOptions } from './sink/options.ts'
export type { RowChange } from './sink/row-change.ts'
export { postgresSink } from './sink/sink.ts'
