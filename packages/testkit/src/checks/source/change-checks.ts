import { SourceScenario } from '../../engine/source/source-scenario.ts'
import { type KitRecord, truncation, withKey } from '../../records/kit-record.ts'
import { needsStream } from './needs.ts'
import type { SourceCheck, SourceCheckContext } from './source-check.ts'

/** Changes of what was written before. @internal */
export const changeChecks: readonly SourceCheck[] = [
  {
    name: 'delete',
    level: 'L2',
    holds: 'deletions come after what they delete, in their order, over a restart too',
    proves: ['emitsDeletes'],
    needs: (capabilities) =>
      capabilities.emitsDeletes ? needsStream(capabilities) : 'no deletes are declared',
    async run(context) {
      await using scenario = await SourceScenario.open(context)
      const first = await scenario.start()
      await scenario.readAll(first)
      await first.checkpoint()
      const [record, other, ...rest] = scenario.written
      if (record === undefined || other === undefined) return
      const deleted = rest.map((each): KitRecord => ({ ...each, operation: 'delete' }))
      await scenario.write([...deleted.slice(0, 4), { ...record, payload: 'changed' }])
      await scenario.emitSome(first, scenario.upTo(3))
      await first.checkpoint()
      await scenario.crash(first, 'throw')
      const second = await scenario.start()
      await scenario.readAll(second)
      await scenario.write([...rest.slice(0, 2), { ...other, operation: 'delete' }])
      await scenario.runOut(second)
    },
  },
  {
    name: 'pk.update',
    level: 'L2',
    holds: 'a record with another key is gone under the old one, then there under the new, once',
    proves: ['emitsDeletes'],
    needs: ({ emitsDeletes, ...capabilities }, driver) => {
      if (!emitsDeletes) return 'no deletes are declared'
      if (driver.rekeyExternal === undefined) return 'the driver has no rekeyExternal'
      return needsStream({ emitsDeletes, ...capabilities })
    },
    async run(context) {
      await rekeyInStream(context)
      if (context.driver.capabilities.snapshotThenStream) await rekeyInSnapshot(context)
    },
  },
  {
    name: 'truncate',
    level: 'L2',
    holds:
      'that all is removed at once comes once, in its place among the records, over restarts too',
    proves: ['emitsTruncates'],
    needs: (capabilities) =>
      capabilities.emitsTruncates ? needsStream(capabilities) : 'no truncates are declared',
    async run(context) {
      // Of one split, in whose order a truncation has its place.
      const size = { splitCount: 1, batchCount: 5, recordsPerBatch: 6 }
      await using scenario = await SourceScenario.open(context, size)
      const [before, behind] = scenario.written
      if (before === undefined || behind === undefined) return
      for (const records of [
        [truncation],
        [before, truncation, behind],
        [truncation, truncation],
      ]) {
        const attempt = await scenario.start()
        // A row that is removed before it was read is never seen.
        await scenario.readAll(attempt)
        await attempt.checkpoint()
        await scenario.runDuring(attempt, scenario.write(records))
        await scenario.writeNext()
        await scenario.emitSome(attempt, scenario.upTo(4))
        await attempt.checkpoint()
        await scenario.emitSome(attempt, 1)
        await scenario.crash(attempt, 'throw')
      }
      await scenario.finish()
    },
  },
]

/** Keys go from one record to the next, and what had one first is written again. */
async function rekeyInStream(context: SourceCheckContext): Promise<void> {
  await using scenario = await SourceScenario.open(context)
  let attempt = await scenario.start()
  await scenario.readAll(attempt)
  const rows = scenario.written.slice(0, 4)
  for (const round of [1, 2]) {
    for (const row of rows) await scenario.rekey(moved(row, round - 1), moved(row, round))
    await scenario.emitSome(attempt, scenario.upTo(2 * rows.length))
    await attempt.checkpoint()
    await scenario.write(rows.slice(0, 2))
    await scenario.emitSome(attempt, 1)
    await scenario.crash(attempt, 'throw')
    attempt = await scenario.start()
    await scenario.readAll(attempt)
    for (const row of rows.slice(0, 2)) await scenario.write([{ ...row, operation: 'delete' }])
  }
  await scenario.runOut(attempt)
}

/** Rows that the snapshot has read, and rows that it has yet to read, change places. */
async function rekeyInSnapshot(context: SourceCheckContext): Promise<void> {
  await using scenario = await SourceScenario.open(context)
  // A row that was moved comes in the place of its key, and not of its change.
  scenario.ordered = false
  const rows = scenario.written.toSorted(
    (left, right) => left.split - right.split || left.seq - right.seq,
  )
  const half = rows.length / 2
  for (const round of [1, 2]) {
    const attempt = await scenario.start()
    await scenario.emitSome(attempt, scenario.upTo(5))
    await attempt.checkpoint()
    for (const row of [rows[round], rows[half + round], rows[rows.length - round]]) {
      if (row !== undefined) await scenario.rekey(row, across(row))
    }
    await scenario.emitSome(attempt, scenario.upTo(5))
    await scenario.crash(attempt, 'throw')
  }
  await scenario.finish()
}

/** The record under another key: the one that it has after so many moves. */
function moved(record: KitRecord, moves: number): KitRecord {
  return withKey(record, record.split, record.seq + moves * keysApart)
}

/** The record of one of the first splits under a key among the last ones, and the other way. */
function across(record: KitRecord): KitRecord {
  return withKey(record, lastSplit - record.split, record.seq + keysApart)
}

/** More than a split has records. */
const keysApart = 100
/** Of three. */
const lastSplit = 2
