export type {
  ConnectionOptions,
  Password,
  ReconnectBackoffOptions,
  SaslOptions,
  TlsOptions,
} from './connection/connection-options.ts'
export type { RecordHeader } from './records/record-batch.ts'
