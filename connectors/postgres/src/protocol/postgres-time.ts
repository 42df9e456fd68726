import { postgresEpochMs } from './standby-status.ts'

/**
 * A time of the replication protocol, microseconds since 2000-01-01T00:00:00Z, as `timestamptz`
 * values stand in records: `2024-05-06T07:08:09.123456Z`.
 *
 * @internal
 */
export function postgresTime(microseconds: bigint): string {
  const rest = ((microseconds % 1000n) + 1000n) % 1000n
  const milliseconds = Number((microseconds - rest) / 1000n) + postgresEpochMs
  const text = new Date(milliseconds).toISOString()
  return `${text.slice(0, -1)}${String(rest).padStart(3, '0')}Z`
}
