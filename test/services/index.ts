export type { Address, ServerControl } from './container.ts'
export { eventually, type WaitOptions, within } from './eventually.ts'
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
