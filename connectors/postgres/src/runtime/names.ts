import { createHash } from 'node:crypto'

/** Postgres cuts longer names; the names of slots allow only these characters. */
const nameBytesMax = 63
const hashDigits = 8

/**
 * The name of the slot and the publication of a source for which none was chosen: the same in every
 * run of the job, other for every other job and operator (a hash sees to that).
 *
 * @internal
 */
export function defaultName(jobName: string, operatorId: string): string {
  const hash = shortHash(JSON.stringify([jobName, operatorId]))
  const readable = `flinkts_${jobName}_${operatorId}`.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_')
  return `${readable.slice(0, nameBytesMax - hashDigits - 1)}_${hash}`
}

/** Eight hexadecimal digits that tell texts apart in names. @internal */
export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, hashDigits)
}

/** What a connection calls itself in `pg_stat_activity`. @internal */
export function applicationName(
  place: { readonly jobName: string; readonly operatorId: string },
  role: string,
): string {
  return `flinkts/${place.jobName}/${place.operatorId}/${role}`
}
