import { writesByKey } from '../../capabilities/sink-capabilities.ts'
import { SinkScenario } from '../../engine/sink/sink-scenario.ts'
import type { Prepared, SinkAttempt } from '../../engine/sink/sink-attempt.ts'
import { failOn } from '../../engine/violation.ts'
import type { SinkCheck } from './sink-check.ts'
import { needsCommits, needsFencing } from './needs.ts'

/** What a later attempt, another parallelism or another job finds and leaves. @internal */
export const takeoverChecks: readonly SinkCheck[] = [
  {
    name: 'abort.removesOrphans',
    level: 'L3',
    holds: 'a start removes what older attempts prepared and no checkpoint holds',
    proves: ['guarantee'],
    needs: needsCommits,
    async run(context) {
      await using scenario = await SinkScenario.open(context)
      const first = await scenario.job.start()
      await first.checkpoint()
      await first.writeBatch()
      await first.cut()
      await scenario.crash(first, 'abandon')
      const second = await scenario.job.start()
      await scenario.expectNothingInFlight('after the start of the next attempt')
      await scenario.runOut(second)
    },
  },
  {
    name: 'abort.doesNotTouchOthers',
    level: 'L3',
    holds: 'a start leaves alone what another job has prepared in the same target',
    proves: ['guarantee'],
    needs: needsCommits,
    async run(context) {
      await using scenario = await SinkScenario.open(context)
      // Its name begins with that of the other.
      const other = scenario.newJob(`${scenario.job.parts.jobId}1`)
      const others = await other.start()
      await others.writeBatch()
      others.complete(await others.cut())
      const own = await scenario.job.start()
      await own.emptyCheckpoint()
      await own.close()
      await others.commit()
      await scenario.expectVisible(other.storedRecords, 'committed after another job had started')
      await others.close()
    },
  },
  {
    name: 'twoJobs.sameTarget.noInterference',
    level: 'L3',
    holds: 'two jobs that write to one target in turns do not disturb each other',
    proves: ['guarantee'],
    async run(context) {
      await using scenario = await SinkScenario.open(context)
      const other = scenario.newJob(`${scenario.job.parts.jobId}2`)
      const attempts = [await scenario.job.start(), await other.start()]
      // The same records from both: each is there twice.
      while (attempts.some((attempt) => !attempt.finished)) {
        for (const attempt of attempts) await attempt.checkpoint()
      }
      for (const attempt of attempts) await attempt.close()
      const found = await scenario.visible()
      const copies = writesByKey(context.driver.capabilities) ? 1 : 2
      const all = scenario.job.storedRecords
      const wrong = all.filter(({ id }) => found.filter((each) => each.id === id).length !== copies)
      failOn(
        wrong.map(({ id }) => `record ${id} is not there ${copies} times`).slice(0, 3),
        'two jobs wrote the same records',
      )
      await scenario.expectNothingInFlight('at the end of both jobs')
    },
  },
  {
    name: 'fencing.zombieWriterRejected',
    level: 'L3',
    holds: 'K13: an older attempt that goes on writing and preparing changes nothing',
    proves: ['guarantee'],
    needs: needsCommits,
    async run(context) {
      await using scenario = await SinkScenario.open(context)
      const { job } = scenario
      const zombie = await job.start()
      await zombie.write(zombie.nextBatch)
      const next = await job.start()
      // Both write, and prepare, the same part of the input; the older one more of it, and last.
      await next.writeBatch()
      await zombie.write(zombie.nextBatch).catch(() => undefined)
      const cut = await next.cut()
      await zombie.cut().catch(() => undefined)
      next.complete(cut)
      await next.commit()
      await scenario.expectVisible(job.storedRecords, 'after an older attempt went on writing')
      await scenario.crash(zombie, 'throw')
      await next.close()
      await scenario.finish()
    },
  },
  {
    name: 'fencing.zombieCommitRejected',
    level: 'L3',
    holds: 'K13: what an older attempt prepared for no checkpoint cannot be committed any more',
    proves: ['fencing'],
    needs: needsFencing,
    async run(context) {
      await using scenario = await SinkScenario.open(context)
      const { job } = scenario
      const zombie = await job.start()
      await zombie.checkpoint()
      await zombie.writeBatch()
      const { prepared } = await zombie.cut()
      const next = await job.start()
      await commitAnyway(zombie, prepared)
      await scenario.expectVisible(job.storedRecords, 'an older attempt committed what is void')
      await scenario.crash(zombie, 'throw')
      await next.close()
      await scenario.finish()
    },
  },
  rescale('rescale.up', 2, 3),
  rescale('rescale.down', 2, 1),
]

/** With committables of a completed checkpoint and with orphans, under another parallelism. */
function rescale(name: string, from: number, to: number): SinkCheck {
  return {
    name: `${name}.withPending`,
    level: 'L3',
    holds: `from ${from} to ${to} subtasks: what is pending is committed, and what is void removed`,
    proves: ['guarantee'],
    needs: needsCommits,
    async run(context) {
      await using scenario = await SinkScenario.open(context)
      const { job } = scenario
      const first = await job.start(from)
      await first.checkpoint()
      await first.writeBatch()
      first.complete(await first.cut())
      await first.writeBatch()
      await first.cut()
      await scenario.crash(first, 'abandon')
      const second = await job.start(to)
      await scenario.expectVisible(job.storedRecords, 'restored with another parallelism')
      await scenario.expectNothingInFlight('restored with another parallelism')
      await scenario.runOut(second)
    },
  }
}

/** It may refuse, or say that it is done: what is visible decides. */
async function commitAnyway(zombie: SinkAttempt, prepared: readonly Prepared[]): Promise<void> {
  for (const { committable, stored } of prepared) {
    await zombie.commitOne(committable, stored.subtask).catch(() => undefined)
  }
}
