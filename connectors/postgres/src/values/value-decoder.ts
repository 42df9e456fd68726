import type { PgValue } from '../records/change.ts'

/**
 * Reads a value from Postgres's text form, which stands in `bytes` from `start` (inclusive) to
 * `end` (exclusive). Keeps no reference to `bytes`.
 *
 * @internal
 */
export type ValueDecoder = (bytes: Buffer, start: number, end: number) => PgValue
