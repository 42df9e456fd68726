/**
 * The settings of a role or a database leak into the text of values and into what statements do.
 * Every session pins those that matter: the decoders rely on them.
 */
const pinnedSettings: Readonly<Record<string, string>> = {
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  bytea_output: 'hex',
  client_encoding: 'UTF8',
  extra_float_digits: '3',
  lc_monetary: 'C',
  // Names of types are then qualified, unless they are built in.
  search_path: 'pg_catalog',
  standard_conforming_strings: 'on',
  // Rows hidden by a policy are an error then, instead of missing.
  row_security: 'off',
  lock_timeout: '0',
  statement_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  idle_session_timeout: '0',
  transaction_timeout: '0',
}

const settingRows = Object.entries(pinnedSettings)
  .map(([name, value]) => `('${name}', '${value}')`)
  .join(', ')

/**
 * Pins the settings that the server knows (some came with later releases), then tells:
 * `server_version`, `wal_sender_timeout_ms` (0: none), `process_id`.
 *
 * @internal
 */
export const pinnedSettingsQuery: string = `
  select pg_catalog.set_config(s.name, v.value, false)
  from pg_catalog.pg_settings s join (values ${settingRows}) v(name, value) on v.name = s.name;
  select pg_catalog.current_setting('server_version_num') as server_version,
    (select setting from pg_catalog.pg_settings where name = 'wal_sender_timeout')
      as wal_sender_timeout_ms,
    pg_catalog.pg_backend_pid() as process_id`
