import { FlinktsError } from '@flinkts/core/connector'
import { commits } from '../../capabilities/sink-capabilities.ts'
import { observed } from '../../engine/sink/commit.ts'
import { SinkScenario } from '../../engine/sink/sink-scenario.ts'
import { failOn, violation } from '../../engine/violation.ts'
import { resultOf } from '../../records/kit-record.ts'
import { compareRecords } from '../../records/oracle.ts'
import { needsCommits } from './needs.ts'
import type { SinkCheck } from './sink-check.ts'

/** What follows when a person goes back, or changes the target. @internal */
export const replayChecks: readonly SinkCheck[] = [
  {
    name: 'replay.olderSavepoint',
    level: 'L3',
    holds:
      'back at an older checkpoint: what it holds is there once, what came later twice at most, ' +
      'or the start is refused',
    proves: ['guarantee'],
    once: true,
    async run(context) {
      await using scenario = await SinkScenario.open(context)
      const { job } = scenario
      const attempt = await job.start()
      await attempt.checkpoint()
      const older = job.stored
      await attempt.checkpoint()
      await attempt.forget(older.checkpointId)
      await attempt.checkpoint()
      await attempt.writeBatch()
      await attempt.cut()
      await scenario.crash(attempt, 'throw')
      const before = job.storedRecords
      job.stored = older
      const again = await job.start().catch(refusal)
      const when = 'restored from an older checkpoint'
      if (commits(scenario.capabilities)) await scenario.expectVisible(before, when)
      if (again === undefined) return
      await scenario.expectNothingInFlight(when)
      await again.runToEnd()
      await again.close()
      await expectRepeated(scenario, older.batchCount)
    },
  },
  {
    name: 'schemaChange.withPendingDrainsFirst',
    level: 'L3',
    holds:
      'what is prepared is committed when the target is extended meanwhile, and the sink goes on',
    proves: [],
    once: true,
    needs: (capabilities, driver) =>
      driver.alterTarget === undefined
        ? 'the driver has no alterTarget'
        : needsCommits(capabilities),
    async run(context) {
      const { driver } = context
      await using scenario = await SinkScenario.open(context)
      const { job, target } = scenario
      const attempt = await job.start()
      await attempt.checkpoint()
      await attempt.writeBatch()
      attempt.complete(await attempt.cut())
      const extended = observed(driver.alterTarget?.(target, 'added') ?? Promise.resolve())
      await scenario.quiet()
      // It may wait for what is prepared, and what is written now could come before it.
      await attempt.commit()
      await extended
      await scenario.expectVisible(job.storedRecords, 'committed while the target is extended')
      await attempt.checkpoint()
      await attempt.writeBatch()
      attempt.complete(await attempt.cut())
      await scenario.crash(attempt, 'throw')
      await scenario.finish()
    },
  },
]

/** A start that is refused must be for good, and say why. */
function refusal(thrown: unknown): undefined {
  if (!(thrown instanceof FlinktsError) || thrown.code === 'FLINKTS_CONFORMANCE_VIOLATED') {
    throw thrown
  }
  if (thrown.retryable) throw violation(`the start fails with ${thrown.code}, which is retried`)
}

/** The batches that the older checkpoint holds are there once, others once or twice. */
async function expectRepeated(scenario: SinkScenario, batchCount: number): Promise<void> {
  const { batches } = scenario.job.parts.workload
  const { guarantee } = scenario.capabilities
  const found = await scenario.visible()
  const repeatable = new Set(
    batches.slice(batchCount).flatMap((batch) => batch.map(({ id }) => id)),
  )
  const seen = new Set<string>()
  const first = found.filter(({ id }) => {
    const repeated = repeatable.has(id) && seen.has(id)
    seen.add(id)
    return !repeated
  })
  const expected = resultOf(batches.flat())
  failOn(compareRecords(expected, first, { guarantee, order: 'none' }), 'after it ran to its end')
  if (guarantee === 'at-least-once') return
  const problems = compareRecords(expected, found, { guarantee: 'at-least-once', order: 'none' })
  const many = [...repeatable].filter((id) => found.filter((each) => each.id === id).length > 2)
  failOn([...problems, ...many.map((id) => `record ${id} is there more than twice`)], 'at the end')
}
