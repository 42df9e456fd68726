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
  const idOfWritten = identification()
  for (const [place, record] of written.entries()) {
    const id = idOfWritten(record)
    const history = histories.get(id) ?? { writes: [], next: 0 }
    histories.set(id, history)
    history.writes.push({ place, record, emitted: false })
  }
  const found: Found = { unknown: [], repeated: [], altered: [], moved: [] }
  const orders = new Map<string, number>()
  const idOfEmitted = identification()
  for (const { record, splitId } of emitted) {
    const id = idOfEmitted(record)
    const history = histories.get(id)
    if (history === undefined) {
      found.unknown.push(id)
      continue
    }
    const write = matchOf(history, record, found)
    if (write === undefined) continue
    const order = `${write.record.split} ${splitId}`
    if (write.place < (orders.get(order) ?? -1)) found.moved.push(id)
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
  const idOfEmitted = identification()
  const last = new Map(emitted.map(({ record }) => [idOfEmitted(record), record]))
  const idOfWritten = identification()
  const wanted = new Map(written.map((record) => [idOfWritten(record), record]))
  return [...wanted].every(([id, record]) => {
    const seen = last.get(id)
    return seen === undefined ? record.operation === 'delete' : sameChange(record, seen)
  })
}

/** What tells records apart: their ids; truncations, which have none, in which place they come. */
function identification(): (record: KitRecord) => string {
  let truncations = 0
  return ({ id, operation }) => {
    if (operation !== 'truncate') return id
    truncations += 1
    return `truncate-${truncations}`
  }
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
  return [...histories].flatMap(([id, { writes }]) => {
    const wanted = onlyLast ? writes.slice(-1) : writes
    // Written and deleted before the snapshot: there is nothing to tell.
    if (onlyLast && !writes.some(({ emitted }) => emitted)) {
      return wanted.flatMap(({ record }) => (record.operation === 'delete' ? [] : [id]))
    }
    return wanted.flatMap(({ emitted }) => (emitted ? [] : [id]))
  })
}

function sameChange(left: KitRecord, right: KitRecord): boolean {
  if (left.operation !== right.operation) return false
  return left.operation !== 'write' || sameRecord(left, right)
}
