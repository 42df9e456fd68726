import { defined } from '@flinkts/core/connector'
import type { Prng } from '@flinkts/core/testing'
import type { SourceCheckpoint } from '../../engine/source/source-checkpoint.ts'
import { SourceScenario } from '../../engine/source/source-scenario.ts'
import { violation } from '../../engine/violation.ts'
import type { KitRecord } from '../../records/kit-record.ts'
import { needsReplay, needsSnapshot, needsStream } from './needs.ts'
import type { SourceCheck } from './source-check.ts'

const replayCount = 3

/** What comes after a restart from a checkpoint. @internal */
export const resumeChecks: readonly SourceCheck[] = [
  {
    name: 'resume.everyCheckpoint',
    level: 'L2',
    holds: 'a restart from each of the checkpoints of a run gives what is behind it, and only that',
    proves: ['replayable'],
    needs: needsReplay,
    async run(context) {
      await using scenario = await SourceScenario.open(context)
      const { job } = scenario
      job.pin()
      await runWithCheckpoints(scenario)
      const { retained } = job
      for (const [index, checkpoint] of retained.entries()) {
        job.stored = checkpoint
        const attempt = await scenario.start()
        await scenario.readAll(attempt)
        await scenario.idle(attempt, 0)
        const when = `restarted from checkpoint ${index + 1} of ${retained.length}`
        scenario.expectAll(when, scenario.emitted(attempt))
        await scenario.close(attempt)
      }
    },
  },
  {
    name: 'resume.partialSnapshot',
    level: 'L2',
    holds: 'a restart in the middle of the snapshot repeats and leaves out nothing',
    proves: ['snapshotThenStream', 'replayable'],
    needs: needsSnapshot,
    async run(context) {
      await using scenario = await SourceScenario.open(context)
      for (let round = 0; round < 3; round += 1) {
        const attempt = await scenario.start()
        await scenario.emitSome(attempt, scenario.upTo(6))
        await attempt.checkpoint()
        await scenario.writeNext()
        await scenario.emitSome(attempt, scenario.upTo(3))
        await scenario.crash(attempt, 'throw')
      }
      await scenario.finish()
    },
  },
  {
    name: 'snapshot.changedMeanwhile',
    level: 'L2',
    holds: 'changes of what the snapshot has read, or has yet to read, come once and end up right',
    proves: ['snapshotThenStream', 'emitsDeletes'],
    needs: (capabilities) =>
      capabilities.emitsDeletes ? needsSnapshot(capabilities) : 'no deletes are declared',
    async run(context) {
      await using scenario = await SourceScenario.open(context)
      // A row that was changed comes in the place of its key, and not of its change.
      scenario.ordered = false
      const rows = scenario.written
      for (let round = 0; round < 3; round += 1) {
        const attempt = await scenario.start()
        await scenario.emitSome(attempt, scenario.upTo(5))
        await attempt.checkpoint()
        await scenario.write(changesOf(rows, scenario.prng, round))
        await scenario.emitSome(attempt, scenario.upTo(5))
        await scenario.write(changesOf(rows, scenario.prng, round + 3))
        await scenario.crash(attempt, 'throw')
      }
      await scenario.finish()
    },
  },
  {
    name: 'resume.handoff',
    level: 'L2',
    holds: 'restarts at each checkpoint around the end of the snapshot lose and repeat nothing',
    proves: ['snapshotThenStream', 'replayable'],
    needs: needsSnapshot,
    async run(context) {
      await using scenario = await SourceScenario.open(context)
      const first = await scenario.start()
      await scenario.emitSome(first, 1)
      await first.checkpoint()
      await scenario.writeNext()
      await scenario.emitSome(first, Number.POSITIVE_INFINITY)
      await scenario.crash(first, 'throw')
      for (let round = 0; round < 4; round += 1) {
        const attempt = await scenario.start()
        await scenario.emitSome(attempt, Number.POSITIVE_INFINITY)
        await attempt.checkpoint()
        if (round % 2 === 1) await scenario.writeNext()
        await scenario.idle(attempt, 0)
        await scenario.crash(attempt, 'throw')
      }
      await scenario.finish()
    },
  },
  {
    name: 'resume.writeWhileDown',
    level: 'L2',
    holds: 'what is written between two runs comes in the second',
    proves: ['replayable'],
    needs: needsStream,
    async run(context) {
      await using scenario = await SourceScenario.open(context)
      while (scenario.moreToWrite) {
        const attempt = await scenario.start()
        await scenario.readAll(attempt)
        await attempt.checkpoint()
        await scenario.close(attempt)
        await scenario.writeNext()
      }
      await scenario.finish()
    },
  },
  {
    name: 'determinism.sameCheckpointSameOutput',
    level: 'L2',
    holds: 'three restarts from one checkpoint give each split the same records in the same order',
    proves: ['replayable'],
    needs: needsReplay,
    async run(context) {
      await using scenario = await SourceScenario.open(context)
      const { job } = scenario
      job.pin()
      const first = await scenario.start()
      await scenario.emitSome(first, scenario.upTo(8))
      await first.checkpoint()
      await scenario.crash(first, 'throw')
      await scenario.writeNext()
      const checkpoint = job.stored
      const outputs: string[] = []
      for (let replay = 0; replay < replayCount; replay += 1) {
        outputs.push(await outputAfter(scenario, checkpoint))
      }
      const different = outputs.filter((output) => output !== outputs[0])
      if (different.length > 0) throw violation('restarts from one checkpoint give other records')
    },
  },
  {
    name: 'order.perSplit',
    level: 'L2',
    holds: 'the records of a split come in the order in which they were written, over restarts too',
    proves: ['perSplitOrder'],
    needs: (capabilities) =>
      capabilities.perSplitOrder ? needsReplay(capabilities) : 'no order is declared',
    async run(context) {
      const size = { splitCount: 3, batchCount: 4, recordsPerBatch: 30 }
      await using scenario = await SourceScenario.open(context, size)
      for (let round = 0; round < 2; round += 1) {
        const attempt = await scenario.start({ pollRecordsMax: 20 })
        await scenario.emitSome(attempt, 30 + scenario.upTo(10))
        await attempt.checkpoint()
        await scenario.emitSome(attempt, 10)
        await scenario.crash(attempt, 'throw')
      }
      await scenario.finish({ pollRecordsMax: 20 })
    },
  },
]

/** A transaction that changes and deletes some rows; what is gone may come again. */
function changesOf(rows: readonly KitRecord[], prng: Prng, round: number): readonly KitRecord[] {
  return rows.flatMap((row): readonly KitRecord[] => {
    const dice = prng.next()
    if (dice > 0.3) return []
    const changed: KitRecord = { ...row, payload: `${row.payload} ${round}` }
    return dice > 0.1 ? [changed] : [changed, { ...changed, operation: 'delete' }]
  })
}

/** Reads and writes everything, with a checkpoint after every few records. */
async function runWithCheckpoints(scenario: SourceScenario): Promise<void> {
  const attempt = await scenario.start()
  await attempt.checkpoint()
  for (;;) {
    await scenario.emitSome(attempt, scenario.upTo(8))
    await attempt.checkpoint()
    const left = scenario.written.length - scenario.job.stored.emitted.length
    if (left > 0) continue
    if (!scenario.moreToWrite) break
    await scenario.writeNext()
  }
  await scenario.readAll(attempt)
  await attempt.checkpoint()
  await scenario.close(attempt)
  scenario.expectAll('undisturbed')
}

/** What an attempt emits after a checkpoint, by split. */
async function outputAfter(
  scenario: SourceScenario,
  checkpoint: SourceCheckpoint,
): Promise<string> {
  const { job } = scenario
  job.stored = checkpoint
  const attempt = await scenario.start()
  await scenario.readAll(attempt)
  await attempt.checkpoint()
  await scenario.close(attempt)
  const emitted = job.stored.emitted.slice(checkpoint.emitted.length)
  const splits = Map.groupBy(emitted, ({ splitId }) => splitId)
  const names = [...splits.keys()].toSorted()
  const output = names.map((name) => [name, defined(splits.get(name), 'a split of the list')])
  return JSON.stringify(output)
}
