import type { SinkCapabilities } from '../capabilities/sink-capabilities.ts'
import type { VisibleRecord } from './kit-record.ts'
import { differenceOf } from './kit-values.ts'

/**
 * Compares what is visible with what was written: says what was lost, repeated, altered, moved, or
 * never written at all. Empty: all is as declared.
 *
 * @internal
 */
export function compareRecords(
  expected: readonly VisibleRecord[],
  found: readonly VisibleRecord[],
  { guarantee, order }: Pick<SinkCapabilities, 'guarantee' | 'order'>,
): readonly string[] {
  const wanted = new Map(expected.map((record) => [record.id, record]))
  const seen = new Set<string>()
  const unknown: string[] = []
  const repeated: string[] = []
  const altered: string[] = []
  for (const record of found) {
    const original = wanted.get(record.id)
    if (original === undefined) unknown.push(record.id)
    else if (!sameRecord(original, record)) altered.push(alteration(original, record))
    if (seen.has(record.id)) repeated.push(record.id)
    seen.add(record.id)
  }
  const lost = expected.filter(({ id }) => !seen.has(id)).map(({ id }) => id)
  const moved = order === 'per-split' ? movedIn(found) : []
  return [
    ...listed('lost', lost),
    ...listed('visible and never to be', unknown),
    ...listed('repeated', guarantee === 'at-least-once' ? [] : repeated),
    ...listed('altered', altered),
    ...listed('out of order', guarantee === 'at-least-once' ? [] : moved),
  ]
}

const listedMax = 8

/** Whether a record that was found shows what another one does. @internal */
export function sameRecord(expected: VisibleRecord, found: VisibleRecord): boolean {
  if (expected.split !== found.split || expected.seq !== found.seq) return false
  if (expected.payload !== found.payload) return false
  return differenceOf(expected.values, found.values) === undefined
}

/** A record that came in another form, with the value that did, if it was one. @internal */
export function alteration(expected: VisibleRecord, found: VisibleRecord): string {
  const difference = differenceOf(expected.values, found.values)
  return difference === undefined ? expected.id : `${expected.id} (${difference})`
}

function movedIn(found: readonly VisibleRecord[]): readonly string[] {
  const last = new Map<number, number>()
  return found
    .filter(({ split, seq }) => {
      const before = last.get(split) ?? -1
      last.set(split, seq)
      return seq < before
    })
    .map(({ id }) => id)
}

/** A sentence about some records; none about no records. @internal */
export function listed(what: string, ids: readonly string[]): readonly string[] {
  if (ids.length === 0) return []
  const more = ids.length > listedMax ? ', …' : ''
  return [`${ids.length} records ${what}: ${ids.slice(0, listedMax).join(', ')}${more}`]
}
