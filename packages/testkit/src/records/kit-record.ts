import { randomBelow, SeededPrng } from '@flinkts/core/testing'
import { type KitValues, type ValueKind, valuesAt } from './kit-values.ts'

/**
 * A record as a target shows it. All of it follows from the seed, so that whoever reads the target
 * can tell what was lost, repeated, altered or moved.
 *
 * @public
 */
export interface VisibleRecord {
  /** `<split>-<seq>`: unique in a run; the key of an upsert. */
  readonly id: string
  /** The part of the input that it belongs to, from 0. */
  readonly split: number
  /** Its place in the split, from 0. */
  readonly seq: number
  /** Text of 0 to some hundred characters: quotes, line breaks and all of Unicode but NUL. */
  readonly payload: string
  /**
   * Of each kind that is declared, in `types.roundTrip`; absent in all other checks, where nobody
   * looks at them.
   */
  readonly values?: KitValues
}

/** A record as a sink gets it, and as a source gives it. @public */
export interface KitRecord extends VisibleRecord {
  /**
   * - `delete`: the one with this id is to go; comes only if `deletes` or `emitsDeletes` is
   *   declared.
   * - `truncate`: all are to go, at once; comes only if a source declares `emitsTruncates`.
   */
  readonly operation: 'write' | 'delete' | 'truncate'
}

/** What a run writes: one batch of records a checkpoint. @internal */
export interface Workload {
  readonly seed: number
  readonly splitCount: number
  readonly batches: readonly (readonly KitRecord[])[]
}

/** The size of a workload. @internal */
export interface WorkloadSize {
  readonly splitCount: number
  readonly batchCount: number
  /** Records of one split in one batch. */
  readonly recordsPerBatch: number
}

/** The sizes that checks use unless they say otherwise. @internal */
export const defaultSize: WorkloadSize = { splitCount: 3, batchCount: 5, recordsPerBatch: 4 }

/** Makes the records of a seed; splits take turns. @internal */
export function workload(seed: number, size: WorkloadSize = defaultSize): Workload {
  const { splitCount, batchCount, recordsPerBatch } = size
  const batches = Array.from({ length: batchCount }, (_, batch) =>
    Array.from({ length: recordsPerBatch * splitCount }, (_each, index) => {
      const split = index % splitCount
      return kitRecord(seed, split, batch * recordsPerBatch + Math.floor(index / splitCount))
    }),
  )
  return { seed, splitCount, batches }
}

/**
 * Records of one split, from a place in it on, each with a text of so many characters. @internal
 */
export function longRecords(
  seed: number,
  size: { readonly fromSeq: number; readonly count: number; readonly characters: number },
): readonly KitRecord[] {
  const { fromSeq, count, characters } = size
  return Array.from({ length: count }, (_, index) =>
    enlarged(kitRecord(seed, 0, fromSeq + index), characters),
  )
}

/** The same, with a text of some megabytes in a record of the second batch. @internal */
export function withLargeRecord(original: Workload): Workload {
  const batches = original.batches.map((batch, index) =>
    index === 1
      ? batch.map((record, place) => (place === 1 ? enlarged(record, largeCharacters) : record))
      : batch,
  )
  return { ...original, batches }
}

/** The same, with values of some kinds in every record: in a long batch all cases. @internal */
export function withValues(original: Workload, kinds: readonly ValueKind[]): Workload {
  if (kinds.length === 0) return original
  const batches = original.batches.map((batch) =>
    batch.map((record, place) => ({ ...record, values: valuesAt(original.seed + place, kinds) })),
  )
  return { ...original, batches }
}

/** The record at another place of the input, whose id it gets. @internal */
export function withKey(record: KitRecord, split: number, seq: number): KitRecord {
  return { ...record, id: idOf(split, seq), split, seq }
}

/** All that is there goes at once: of a truncation nothing counts but the operation. @internal */
export const truncation: KitRecord = {
  id: 'truncate',
  split: 0,
  seq: 0,
  payload: '',
  operation: 'truncate',
}

/**
 * What is to be visible of records: of those with one id the last, unless that is a deletion.
 *
 * @internal
 */
export function resultOf(records: readonly KitRecord[]): readonly VisibleRecord[] {
  const result = new Map<string, VisibleRecord>()
  for (const record of records) {
    if (record.operation === 'truncate') result.clear()
    else if (record.operation === 'delete') result.delete(record.id)
    else result.set(record.id, record)
  }
  return [...result.values()]
}

/** The record at a place of a run. */
function kitRecord(seed: number, split: number, seq: number): KitRecord {
  const prng = new SeededPrng(seed * 1_000_003 + split * 10_007 + seq)
  const length = lengths[randomBelow(prng, lengths.length)] ?? 0
  const letters = Array.from({ length }, () => alphabet[randomBelow(prng, alphabet.length)] ?? 'a')
  return { id: idOf(split, seq), split, seq, payload: letters.join(''), operation: 'write' }
}

function idOf(split: number, seq: number): string {
  return `${split}-${seq}`
}

function enlarged(record: KitRecord, characters: number): KitRecord {
  const part = `${record.payload} ${alphabet.join('')}`
  const payload = part.repeat(Math.ceil(characters / part.length))
  return { ...record, payload }
}

/** More than buffers of connectors have: more than 3 MB in UTF-8. */
const largeCharacters = 2_000_000
const lengths = [0, 1, 7, 31, 64, 400]
const alphabet = Array.from('abcXYZ019 ,;:=|%$#\'"`\\/\n\r\t\u0001\u007fäßé漢字🙂\u2028\ufeff')
