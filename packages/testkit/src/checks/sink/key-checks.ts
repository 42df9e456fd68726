import { writesByKey } from '../../capabilities/sink-capabilities.ts'
import { SinkScenario } from '../../engine/sink/sink-scenario.ts'
import { type KitRecord, withKey, type Workload, workload } from '../../records/kit-record.ts'
import type { SinkCheck, SinkCheckContext } from './sink-check.ts'

/** Records that come again under the same id. @internal */
export const keyChecks: readonly SinkCheck[] = [
  {
    name: 'duplicate.keys',
    level: 'L0',
    holds:
      'of several records with one id the last is visible, also when a crash repeats the older',
    proves: ['mechanism'],
    needs: (capabilities) =>
      writesByKey(capabilities) ? undefined : 'nothing is declared that is written by key',
    run: (context) => crashInTheMiddle(context, updates(workload(context.seed))),
  },
  {
    name: 'delete',
    level: 'L0',
    holds: 'a deleted record is gone, one that is written again is there, a crash changes nothing',
    proves: ['deletes'],
    needs: ({ deletes }) => (deletes ? undefined : 'no deletes are declared'),
    run: (context) => crashInTheMiddle(context, deletions(workload(context.seed))),
  },
  {
    name: 'pk.update',
    level: 'L0',
    holds: 'records whose ids change, or change places, are there under the new ones and no others',
    proves: ['deletes'],
    needs: ({ deletes }) => (deletes ? undefined : 'no deletes are declared'),
    run: (context) => crashInTheMiddle(context, rekeyings(workload(context.seed))),
  },
]

/** A checkpoint that did not complete has written, and is written again. */
async function crashInTheMiddle(context: SinkCheckContext, records: Workload): Promise<void> {
  await using scenario = await SinkScenario.openWith(context, records)
  const { job } = scenario
  const first = await job.start()
  await first.checkpoint()
  await first.checkpoint()
  await scenario.expectVisible(job.storedRecords, 'after the second checkpoint')
  await first.writeBatch()
  await first.cut()
  await scenario.crash(first, 'throw')
  await scenario.finish()
}

/** Every batch writes the ids of the first again, twice, with contents of its own. */
function updates(original: Workload): Workload {
  const [first = []] = original.batches
  const batches = original.batches.map((batch) => {
    const again = batch.map((record, index) => ({ ...record, id: first[index]?.id ?? record.id }))
    return [...again.map((record) => ({ ...record, payload: `${record.payload}!` })), ...again]
  })
  return { ...original, batches }
}

/** Every batch deletes half of the one before, and writes some of what was deleted again. */
function deletions(original: Workload): Workload {
  const batches = original.batches.map((batch, index) => {
    const before = original.batches[index - 1] ?? []
    const deleted = before
      .filter((_record, place) => place % 2 === 0)
      .map((record): KitRecord => ({ ...record, operation: 'delete' }))
    const written = deleted
      .slice(0, 1)
      .map((record): KitRecord => ({ ...record, operation: 'write' }))
    return [...batch, ...deleted, ...written]
  })
  return { ...original, batches }
}

/**
 * Every batch changes ids of the one before, as a log of changes tells it, each a deletion and a
 * write: two records of a split change places by way of a third id, and another gets a new one.
 */
function rekeyings(original: Workload): Workload {
  const splits = Array.from({ length: original.splitCount }, (_, split) => split)
  const batches = original.batches.map((batch, index) => {
    const before = original.batches[index - 1] ?? []
    return [...batch, ...splits.flatMap((split) => rekeyed(before, split))]
  })
  return { ...original, batches }
}

function rekeyed(before: readonly KitRecord[], ofSplit: number): readonly KitRecord[] {
  const [one, other, third] = before.filter(({ split }) => split === ofSplit)
  if (one === undefined || other === undefined || third === undefined) return []
  const between = elsewhere(one)
  return [
    ...moved(one, between),
    ...moved(other, { ...one, payload: other.payload }),
    ...moved(between, { ...other, payload: one.payload }),
    ...moved(third, elsewhere(third)),
  ]
}

function moved(from: KitRecord, to: KitRecord): readonly KitRecord[] {
  return [{ ...from, operation: 'delete' }, to]
}

/** The same record under an id that no other has. */
function elsewhere(record: KitRecord): KitRecord {
  return withKey(record, record.split, record.seq + 500_000)
}
