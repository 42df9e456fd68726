import { assert } from '@flinkts/core/connector'
import { shortHash } from '../runtime/names.ts'

/** Whose transactions they are: those of an operator in one lineage of checkpoints. @internal */
export interface Lineage {
  readonly jobId: string
  readonly operatorId: string
}

/** A writer: one subtask in one attempt. @internal */
export interface WriterPlace extends Lineage {
  readonly attempt: number
  readonly subtask: number
}

const product = 'flinkts_'
/** Postgres refuses a longer one (`GIDSIZE` less its end). */
const nameBytesMax = 199
const printableAscii = /^[\x21-\x7e]+$/

/** What the names of all transactions and connections of a lineage begin with. @internal */
export function lineagePrefix({ jobId, operatorId }: Lineage): string {
  return `${product}${jobId}_${shortHash(operatorId)}_`
}

/**
 * What the connection of a writer calls itself: how the names of its transactions begin. @internal
 */
export function writerName(place: WriterPlace): string {
  return `${lineagePrefix(place)}${place.attempt}_${place.subtask}`
}

/** What the connection of a committer calls itself. @internal */
export function committerName(place: Lineage & { readonly attempt: number }): string {
  return `${lineagePrefix(place)}${place.attempt}_${committerRole}`
}

const committerRole = 'commit'

/** The name (gid) of the transaction of a checkpoint. @internal */
export function transactionName(place: WriterPlace, checkpointId: number): string {
  const name = `${writerName(place)}_${checkpointId}`
  assert(
    name.length <= nameBytesMax && printableAscii.test(name),
    'the name of a transaction is ASCII of at most 199 bytes',
  )
  return name
}

const afterPrefix = /^(\d+)_(?:\d+(?:_\d+)?|commit)$/

/**
 * Whether a transaction, or the connection of a writer or a committer, is that of an earlier
 * attempt.
 *
 * @internal
 */
export function isOfEarlierAttempt(
  name: string,
  lineage: Lineage & { readonly attempt: number },
): boolean {
  const prefix = lineagePrefix(lineage)
  if (!name.startsWith(prefix)) return false
  const match = afterPrefix.exec(name.slice(prefix.length))
  return match !== null && Number(match[1]) < lineage.attempt
}

/** Whether a transaction is that of an operator, in whichever lineage. @internal */
export function isOfOperator(name: string, { operatorId }: Pick<Lineage, 'operatorId'>): boolean {
  const parts = name.split('_')
  return (
    name.startsWith(product) && parts.length === partCount && parts[2] === shortHash(operatorId)
  )
}

/**
 * Whether a transaction is that of the same operator in another lineage: of a start without state.
 *
 * @internal
 */
export function isOfOtherLineage(name: string, lineage: Lineage): boolean {
  return isOfOperator(name, lineage) && name.split('_')[1] !== lineage.jobId
}

/** Those of `flinkts_<jobId>_<operator>_<attempt>_<subtask>_<checkpoint>`. */
const partCount = 6
