import { compareRecords } from '../../records/oracle.ts'
import { SinkScenario } from '../../engine/sink/sink-scenario.ts'
import type { Prepared, SinkAttempt } from '../../engine/sink/sink-attempt.ts'
import { failOn, violation } from '../../engine/violation.ts'
import type { SinkCheck } from './sink-check.ts'
import { needsCommits, needsRemoval } from './needs.ts'

/** How committables are committed: again, at a time, late, by others, or in vain. @internal */
export const commitChecks: readonly SinkCheck[] = [
  {
    name: 'commit.twice',
    level: 'L3',
    holds: 'a committable that is committed again changes nothing, and says so',
    proves: ['guarantee', 'mechanism'],
    needs: needsCommits,
    async run(context) {
      await using scenario = await SinkScenario.open(context)
      const { job } = scenario
      const attempt = await prepared(scenario)
      const { committables } = job.stored
      await attempt.commit()
      await job.withCommitter(async (committer) => {
        for (const each of committables) await committer.commit(job.read(each))
        // A system may need a moment to know that a commit is done.
        await scenario.quiet()
        for (const each of committables) {
          const { status } = await committer.commit(job.read(each))
          if (status !== 'already-committed') {
            throw violation(`a commit of a committable that was committed says "${status}"`)
          }
        }
      })
      await scenario.expectVisible(job.storedRecords, 'after the second commit')
      await scenario.runOut(attempt)
    },
  },
  {
    name: 'commit.tenTimesConcurrent',
    level: 'L3',
    holds: 'ten commits of a committable at a time are one',
    proves: ['guarantee'],
    needs: needsCommits,
    async run(context) {
      await using scenario = await SinkScenario.open(context)
      const { job } = scenario
      const attempt = await prepared(scenario)
      const recoveries = Array.from({ length: 10 }, () => job.recover(job.stored.committables))
      await Promise.all(recoveries)
      await attempt.commit()
      await scenario.runOut(attempt)
    },
  },
  {
    name: 'commit.afterCleanup',
    level: 'L3',
    holds: 'a commit is known to be done after later attempts have cleaned up',
    proves: ['guarantee'],
    needs: needsCommits,
    async run(context) {
      await using scenario = await SinkScenario.open(context)
      const { job } = scenario
      const first = await prepared(scenario)
      const { committables } = job.stored
      await first.commit()
      await first.close()
      const second = await job.start()
      await second.checkpoint()
      await job.recover(committables)
      await scenario.runOut(second)
    },
  },
  {
    name: 'prepare.durableWhenResolved',
    level: 'L3',
    holds: 'what is prepared can be committed by others as soon as the checkpoint may complete',
    proves: ['guarantee'],
    needs: needsCommits,
    async run(context) {
      await using scenario = await SinkScenario.open(context)
      const { job } = scenario
      const attempt = await prepared(scenario)
      await scenario.crash(attempt, 'abandon')
      await job.recover(job.stored.committables)
      await scenario.expectVisible(job.storedRecords, 'committed as soon as it was prepared')
      await scenario.finish()
    },
  },
  {
    name: 'recover.reusesPersistedCommitIds',
    level: 'L3',
    holds: 'restored twice from the same checkpoint, each committable is committed once',
    proves: ['guarantee'],
    needs: needsCommits,
    async run(context) {
      await using scenario = await SinkScenario.open(context)
      const { job } = scenario
      await scenario.crash(await prepared(scenario), 'throw')
      const { stored } = job
      await scenario.crash(await job.start(), 'throw')
      job.stored = stored
      await scenario.crash(await job.start(), 'abandon')
      await scenario.expectVisible(job.storedRecords, 'after two restores of one checkpoint')
      await scenario.finish()
    },
  },
  {
    name: 'recover.emptyCommittables',
    level: 'L3',
    holds: 'checkpoints without records, at the start and in between, leave no trace',
    proves: ['guarantee'],
    async run(context) {
      await using scenario = await SinkScenario.open(context)
      const attempt = await scenario.job.start()
      await attempt.emptyCheckpoint()
      await scenario.expectVisible([], 'after a checkpoint without records')
      await scenario.crash(attempt, 'throw')
      const next = await scenario.job.start()
      await next.emptyCheckpoint()
      await scenario.runOut(next)
    },
  },
  notification('notify.lost', 'a commit that was not asked for goes out with the next', 0),
  notification('notify.duplicated', 'a checkpoint that completes twice commits once', 2),
  {
    name: 'notify.outOfOrder',
    level: 'L3',
    holds: 'a subtask may commit two checkpoints before another commits the first of them',
    proves: ['guarantee'],
    needs: needsCommits,
    async run(context) {
      await using scenario = await SinkScenario.open(context)
      const attempt = await prepared(scenario)
      await attempt.writeBatch()
      attempt.complete(await attempt.cut())
      const { storedRecords } = scenario.job
      const due = attempt.due()
      await commitAll(attempt, ofSubtask(due, 1))
      const own = storedRecords.filter(({ split }) => split % attempt.parallelism === 1)
      await scenario.expectVisible(own, 'when one subtask has committed two checkpoints')
      await commitAll(attempt, ofSubtask(due, 0))
      await scenario.expectVisible(storedRecords, 'when the other subtask has too')
      await scenario.runOut(attempt)
    },
  },
  {
    name: 'checkpoint.abortedThenNext',
    level: 'L3',
    holds: 'what a failed checkpoint had prepared goes out with the next',
    proves: ['guarantee'],
    async run(context) {
      await using scenario = await SinkScenario.open(context)
      const attempt = await scenario.job.start()
      await attempt.checkpoint()
      await attempt.writeBatch()
      await attempt.cut()
      await attempt.checkpoint()
      await scenario.runOut(attempt)
    },
  },
  {
    name: 'prepared.expiredIsLoud',
    level: 'L3',
    holds:
      'K14: a commit whose prepared output was removed by others fails, and is not taken for done',
    proves: ['maxPreparedAgeMs'],
    needs: needsRemoval,
    async run(context) {
      await using scenario = await SinkScenario.open(context)
      const { job } = scenario
      const attempt = await prepared(scenario)
      await scenario.removePrepared()
      const commit = await attempt.commit().then(
        () => 'succeeds',
        () => 'fails',
      )
      await scenario.crash(attempt, 'throw')
      const missing = compareRecords(
        job.storedRecords,
        await scenario.visible(),
        context.driver.capabilities,
      )
      if (commit === 'succeeds') failOn(missing, 'a commit succeeds whose output was removed')
      if (missing.length === 0) throw violation('removePrepared of the driver removed nothing')
    },
  },
]

/** A job with a completed checkpoint of which nothing is committed. */
async function prepared(scenario: SinkScenario): Promise<SinkAttempt> {
  const attempt = await scenario.job.start()
  await attempt.writeBatch()
  attempt.complete(await attempt.cut())
  if (attempt.due().length === 0) throw violation('nothing was prepared at a barrier')
  return attempt
}

/** @param times - how often the commit is called before the next checkpoint, which calls it too. */
function notification(name: string, holds: string, times: number): SinkCheck {
  return {
    name,
    level: 'L3',
    holds,
    proves: ['guarantee'],
    needs: needsCommits,
    async run(context) {
      await using scenario = await SinkScenario.open(context)
      const attempt = await prepared(scenario)
      const due = attempt.due()
      for (let count = 0; count < times; count += 1) await commitAll(attempt, due)
      await attempt.checkpoint()
      await scenario.runOut(attempt)
    },
  }
}

function ofSubtask(due: readonly Prepared[], subtask: number): readonly Prepared[] {
  return due.filter(({ stored }) => stored.subtask === subtask)
}

async function commitAll(attempt: SinkAttempt, due: readonly Prepared[]): Promise<void> {
  for (const { committable, stored } of due) await attempt.commitOne(committable, stored.subtask)
}
