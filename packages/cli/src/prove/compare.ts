import type { CommittedRecord, DeliveryGuarantee } from '@flinkts/core/connector'

/** How a committed output differs from that of an undisturbed run; texts of records. @internal */
export interface Difference {
  readonly lost: readonly string[]
  /** There more often than they should be. */
  readonly duplicated: readonly string[]
  /** Of the right key, and not what they should be. */
  readonly altered: readonly string[]
  /** Such as an undisturbed run never commits. */
  readonly unexpected: readonly string[]
}

/** The kinds of differences, in the order in which they are told. @internal */
export const differenceKinds = ['lost', 'duplicated', 'altered', 'unexpected'] as const

/** Compares without order. What the guarantee allows is no difference. @internal */
export function compareOutput(
  expected: readonly CommittedRecord[],
  found: readonly CommittedRecord[],
  guarantee: DeliveryGuarantee,
): Difference {
  const left = countsOf(expected)
  const lost: CommittedRecord[] = []
  const unexpected: CommittedRecord[] = []
  const duplicated: string[] = []
  for (const [identity, { record, count }] of countsOf(found)) {
    const wanted = left.get(identity)?.count ?? 0
    left.delete(identity)
    if (wanted > count) lost.push(...repeated(record, wanted - count))
    if (count <= wanted) continue
    if (wanted === 0) unexpected.push(...repeated(record, count))
    else duplicated.push(...repeated(record, count - wanted).map(({ text }) => text))
  }
  for (const { record, count } of left.values()) lost.push(...repeated(record, count))
  return {
    ...byKey(lost, unexpected),
    duplicated: guarantee === 'at-least-once' ? [] : duplicated,
  }
}

/** Whether there is none. @internal */
export function isSame(difference: Difference): boolean {
  return differenceKinds.every((kind) => difference[kind].length === 0)
}

interface Counted {
  readonly record: CommittedRecord
  count: number
}

function countsOf(records: readonly CommittedRecord[]): Map<string, Counted> {
  const counts = new Map<string, Counted>()
  for (const record of records) {
    const identity = JSON.stringify([record.key, record.text])
    const counted = counts.get(identity)
    if (counted === undefined) counts.set(identity, { record, count: 1 })
    else counted.count += 1
  }
  return counts
}

function repeated(record: CommittedRecord, count: number): readonly CommittedRecord[] {
  return Array.from({ length: count }, () => record)
}

/** What is lost and comes with another content under the same key was altered. */
function byKey(
  lost: readonly CommittedRecord[],
  unexpected: readonly CommittedRecord[],
): Pick<Difference, 'lost' | 'altered' | 'unexpected'> {
  const originals = new Map(lost.map((record) => [record.key, record.text]))
  originals.delete(undefined)
  const altered = unexpected.filter(({ key }) => originals.has(key))
  const alteredKeys = new Set(altered.map(({ key }) => key))
  const textsOf = (records: readonly CommittedRecord[]): readonly string[] =>
    records.filter(({ key }) => !alteredKeys.has(key)).map(({ text }) => text)
  return {
    lost: textsOf(lost),
    altered: altered.map(({ key, text }) => `${text} in place of ${originals.get(key)}`),
    unexpected: textsOf(unexpected),
  }
}
