import type { SinkCapabilities } from '../capabilities/sink-capabilities.ts'
import type { VisibleRecord } from './kit-record.ts'

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
    else if (!sameRecord(original, record)) altered.push(record.id)
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

/** Whether both show the same. @internal */
export function sameRecord(left: VisibleRecord, right: VisibleRecord): boolean {
  return left.split === right.split && left.seq === right.seq && left.payload === right.payload
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
