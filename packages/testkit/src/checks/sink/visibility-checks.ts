import { observed } from '../../engine/sink/commit.ts'
import { SinkScenario } from '../../engine/sink/sink-scenario.ts'
import { violation } from '../../engine/violation.ts'
import type { VisibleRecord } from '../../records/kit-record.ts'
import type { SinkCheck } from './sink-check.ts'
import { needsCommits, needsImmediate } from './needs.ts'

/** What readers of the target see, and when. @internal */
export const visibilityChecks: readonly SinkCheck[] = [
  {
    name: 'visibility.nothingBeforeCommit',
    level: 'L3',
    holds: 'nothing can be read before the commit, whatever was written, flushed and prepared',
    proves: ['visibility'],
    needs: needsCommits,
    async run(context) {
      await using scenario = await SinkScenario.open(context)
      const attempt = await scenario.job.start()
      await attempt.checkpoint()
      const { storedRecords } = scenario.job
      await attempt.writeBatch()
      await scenario.expectVisible(storedRecords, 'written')
      await attempt.flush()
      await scenario.expectVisible(storedRecords, 'flushed')
      attempt.complete(await attempt.cut())
      await scenario.quiet()
      await scenario.expectVisible(storedRecords, 'prepared')
      await attempt.commit()
      await scenario.expectVisible(scenario.job.storedRecords, 'committed')
      await scenario.runOut(attempt)
    },
  },
  {
    name: 'visibility.allOrNothingPerCommittable',
    level: 'L3',
    holds: 'a reader sees all records of a committable, or none',
    proves: ['visibility'],
    needs: needsCommits,
    async run(context) {
      const size = { splitCount: 1, batchCount: 1, recordsPerBatch: 1000 }
      await using scenario = await SinkScenario.open(context, size)
      const attempt = await scenario.job.start(1)
      await attempt.writeBatch()
      attempt.complete(await attempt.cut(true))
      // A sink may prepare several, each a transaction of its own.
      const single = attempt.due().length === 1
      const state = { committing: true }
      const committed = observed(
        attempt.commit().finally(() => {
          state.committing = false
        }),
      )
      const counts: number[] = []
      while (state.committing) counts.push((await scenario.visible()).length)
      await committed
      const torn = counts.filter((count) => count !== 0 && count !== size.recordsPerBatch)
      if (single && torn.length > 0) {
        throw violation(`a reader saw ${torn.join(', ')} of ${size.recordsPerBatch} records`)
      }
      await scenario.settle(attempt)
    },
  },
  {
    name: 'flush.durableWhenResolved',
    level: 'L3',
    holds: 'without a commit, what was flushed is there before the checkpoint completes',
    proves: ['guarantee', 'mechanism'],
    needs: needsImmediate,
    async run(context) {
      await using scenario = await SinkScenario.open(context)
      const attempt = await scenario.job.start()
      await attempt.writeBatch()
      attempt.complete(await attempt.cut())
      await scenario.expectVisible(scenario.job.storedRecords, 'as soon as it was flushed')
      await scenario.crash(attempt, 'abandon')
      await scenario.finish()
    },
  },
  {
    name: 'cut.atTheCall',
    level: 'L3',
    holds: 'records that come while a checkpoint is prepared belong to the next one',
    proves: ['guarantee'],
    needs: needsCommits,
    async run(context) {
      await using scenario = await SinkScenario.open(context)
      const { job } = scenario
      const attempt = await job.start()
      await attempt.writeBatch()
      const cut = attempt.cut()
      // In the same step, as the engine goes on behind a barrier.
      const written = observed(attempt.writeBatch())
      const done = await cut
      await written
      attempt.complete(done)
      await attempt.commit()
      await scenario.expectVisible(job.storedRecords, 'only the first of two checkpoints committed')
      await scenario.runOut(attempt)
    },
  },
  {
    name: 'endOfInput.lastRecords',
    level: 'L3',
    holds: 'the last records before the end of input are in the last checkpoint',
    proves: ['guarantee'],
    async run(context) {
      await using scenario = await SinkScenario.open(context)
      const attempt = await scenario.job.start()
      await scenario.runOut(attempt)
    },
  },
  {
    name: 'close.makesNothingVisible',
    level: 'L3',
    holds: 'closing in the middle of anything publishes nothing, and leaves what is prepared',
    proves: ['visibility'],
    needs: needsCommits,
    async run(context) {
      await using scenario = await SinkScenario.open(context)
      const { job } = scenario
      const attempt = await job.start()
      await attempt.checkpoint()
      const committed: readonly VisibleRecord[] = job.storedRecords
      await attempt.writeBatch()
      attempt.complete(await attempt.cut())
      await attempt.write(attempt.nextBatch)
      await attempt.close()
      await scenario.expectVisible(committed, 'closed before the commit')
      await job.recover(job.stored.committables)
      await scenario.expectVisible(job.storedRecords, 'committed after the writer was closed')
      await scenario.finish()
    },
  },
]
