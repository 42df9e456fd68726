import { defined } from '@flinkts/core/connector'
import type { SourceCapabilities } from '../capabilities/source-capabilities.ts'
import type { Emitted } from '../engine/source/source-checkpoint.ts'
import type { KitRecord } from './kit-record.ts'
import { alteration, listed, sameRecord } from './oracle.ts'

/**
 * Compares what a source emitted with what was written upstream: says what was lost, repeated,
 * altered, moved, or never written at all. Records of one id follow each other in the order in
 * which they were written; of those that were there before a snapshot, only the last comes. Empty:
 * all is as declared.
 *
 * @internal
 */
export function compareEmitted(
  written: readonly KitRecord[],
  emitted: readonly Emitted[],
  capabilities: Pick<SourceCapabilities, 'perSplitOrder' | 'snapshotThenStream'>,
): readonly string[] {
  const histories = new Map<string, History>()
  for (const [place, record] of written.entries()) {
    const history = histories.get(record.id) ?? { writes: [], next: 0 }
    histories.set(record.id, history)
    history.writes.push({ place, record, emitted: false })
  }
  const found: Found = { unknown: [], repeated: [], altered: [], moved: [] }
  const orders = new Map<string, number>()
  for (const each of emitted) {
    const history = histories.get(each.record.id)
    if (history === undefined) {
      found.unknown.push(each.record.id)
      continue
    }
    const write = matchOf(history, each.record, found)
    if (write === undefined) continue
    const order = `${write.record.split} ${each.splitId}`
    if (write.place < (orders.get(order) ?? -1)) found.moved.push(each.record.id)
    orders.set(order, write.place)
  }
  return [
    ...listed('lost', lostOf(histories, capabilities.snapshotThenStream)),
    ...listed('emitted and never written', found.unknown),
    ...listed('repeated', found.repeated),
    ...listed('altered', found.altered),
    ...listed('out of order', capabilities.perSplitOrder ? found.moved : []),
  ]
}

/**
 * Whether the last that was emitted of each id is the last that was written: there is nothing more
 * to come.
 *
 * @internal
 */
export function caughtUp(written: readonly KitRecord[], emitted: readonly Emitted[]): boolean {
  const last = new Map(emitted.map(({ record }) => [record.id, record]))
  const wanted = new Map(written.map((record) => [record.id, record]))
  return [...wanted].every(([id, record]) => {
    const seen = last.get(id)
    return seen === undefined ? record.operation === 'delete' : sameChange(record, seen)
  })
}

interface Write {
  readonly place: number
  readonly record: KitRecord
  emitted: boolean
}

/** What was written under one id, in order, and up to where it was emitted. */
interface History {
  readonly writes: Write[]
  next: number
}

type Found = Record<'unknown' | 'repeated' | 'altered' | 'moved', string[]>

function matchOf(history: History, record: KitRecord, found: Found): Write | undefined {
  const { writes, next } = history
  const index = writes.findIndex((write, at) => at >= next && sameChange(write.record, record))
  const write = writes[index]
  if (write !== undefined) {
    history.next = index + 1
    write.emitted = true
    return write
  }
  const known = writes.some((each) => sameChange(each.record, record))
  const expected = defined(writes[next] ?? writes.at(-1), 'an id with a history was written')
  if (known) found.repeated.push(record.id)
  else found.altered.push(alteration(expected.record, record))
  return undefined
}

function lostOf(histories: ReadonlyMap<string, History>, onlyLast: boolean): readonly string[] {
  return [...histories.values()].flatMap(({ writes }) => {
    const wanted = onlyLast ? writes.slice(-1) : writes
    // Written and deleted before the snapshot: there is nothing to tell.
    if (onlyLast && !writes.some(({ emitted }) => emitted)) {
      return wanted.flatMap(({ record }) => (record.operation === 'delete' ? [] : [record.id]))
    }
    return wanted.flatMap(({ record, emitted }) => (emitted ? [] : [record.id]))
  })
}

function sameChange(left: KitRecord, right: KitRecord): boolean {
  if (left.operation !== right.operation) return false
  return left.operation === 'delete' || sameRecord(left, right)
}
