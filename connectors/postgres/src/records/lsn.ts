import { FlinktsError } from '@flinkts/core/connector'

/**
 * A position in the write-ahead log: bytes since its beginning, 0 to 2^64 exclusive. 0 is
 * Postgres's `InvalidXLogRecPtr`: no position.
 *
 * @public
 */
export type Lsn = bigint

/** No position; smaller than every other. @internal */
export const noLsn: Lsn = 0n

const lsnForm = /^([0-9A-Fa-f]{1,8})\/([0-9A-Fa-f]{1,8})$/

/**
 * The position that Postgres writes as two hexadecimal halves: `16/B374D848`.
 *
 * @throws FlinktsError FLINKTS_POSTGRES_PROTOCOL_VIOLATED
 * @internal
 */
export function parseLsn(text: string): Lsn {
  const match = lsnForm.exec(text)
  if (match === null) {
    throw new FlinktsError('FLINKTS_POSTGRES_PROTOCOL_VIOLATED', `"${text}" is not an LSN`)
  }
  return (BigInt(`0x${match[1]}`) << 32n) | BigInt(`0x${match[2]}`)
}

/**
 * The position in Postgres's own form: upper-case hexadecimal halves without leading zeros.
 *
 * @internal
 */
export function formatLsn(lsn: Lsn): string {
  const high = (lsn >> 32n).toString(16)
  const low = (lsn & 0xffff_ffffn).toString(16)
  return `${high}/${low}`.toUpperCase()
}
