export type {
  ConnectionOptions,
  Password,
  ReconnectBackoffOptions,
  SaslOptions,
  TlsOptions,
} from './connection/connection-options.ts'
