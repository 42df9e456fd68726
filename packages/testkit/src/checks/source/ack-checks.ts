import { type CheckpointNotice, FlinktsError } from '@flinkts/core/connector'
import type { SourceAttempt } from '../../engine/source/source-attempt.ts'
import { SourceScenario } from '../../engine/source/source-scenario.ts'
import { violation } from '../../engine/violation.ts'
import { workload } from '../../records/kit-record.ts'
import { needsAcknowledgements, needsReplay } from './needs.ts'
import type { SourceCheck } from './source-check.ts'

/**
 * Of which checkpoints, from 0, everybody hears after each: nobody ever of the second and fourth,
 * and of the first and fifth only behind a newer one.
 */
const heardAfter = [[], [], [2, 0, 2], [], [], [5, 4, 5]]

/** What the system upstream may forget, and what happens when it forgets more. @internal */
export const ackChecks: readonly SourceCheck[] = [
  {
    name: 'ack.neverAheadOfDurableCheckpoint',
    level: 'L2',
    holds: 'at no time more is acknowledged than the oldest retained checkpoint holds',
    proves: ['prunesOnAck'],
    needs: needsAcknowledgements,
    async run(context) {
      await using scenario = await SourceScenario.open(context)
      const { job } = scenario
      const attempt = await streaming(scenario)
      while (scenario.moreToWrite) {
        await scenario.writeNext()
        await scenario.emitSome(attempt, Number.POSITIVE_INFINITY)
        await scenario.idle(attempt)
        await scenario.expectNotAhead('emitted, and no checkpoint is taken')
        const cut = await attempt.cut()
        await scenario.idle(attempt)
        await scenario.expectNotAhead('a checkpoint is taken, and not durable')
        job.pin()
        attempt.complete(cut)
        attempt.notify()
        await scenario.idle(attempt)
        await scenario.expectNotAhead('a checkpoint completed, and an older one is retained')
        job.unpin()
        attempt.notify()
      }
      await scenario.runOut(attempt)
    },
  },
  {
    name: 'ack.abortedCheckpointNotAcked',
    level: 'L2',
    holds: 'what only a failed checkpoint holds is not acknowledged',
    proves: ['prunesOnAck'],
    needs: needsAcknowledgements,
    async run(context) {
      await using scenario = await SourceScenario.open(context)
      const attempt = await streaming(scenario)
      await scenario.writeNext()
      await scenario.emitSome(attempt, Number.POSITIVE_INFINITY)
      await attempt.cut()
      attempt.notify()
      await scenario.idle(attempt)
      await scenario.expectNotAhead('a checkpoint failed')
      await scenario.crash(attempt, 'throw')
      await scenario.finish()
    },
  },
  {
    name: 'notify.outOfOrder',
    level: 'L2',
    holds: 'notices of checkpoints that come late, twice, behind newer ones or never do no harm',
    proves: ['replayable'],
    needs: needsReplay,
    async run(context) {
      const size = { splitCount: 3, batchCount: 2 + heardAfter.length, recordsPerBatch: 4 }
      await using scenario = await SourceScenario.open(context, size)
      const attempt = await scenario.start()
      const notices: CheckpointNotice[] = []
      let acknowledged = 0n
      for (const heard of heardAfter) {
        const count = scenario.moreToWrite ? Number.POSITIVE_INFINITY : scenario.upTo(6)
        await scenario.emitSome(attempt, count)
        attempt.complete(await attempt.cut())
        notices.push(attempt.notice)
        await scenario.writeNext()
        for (const index of heard) {
          attempt.notify(notices[index])
          await scenario.idle(attempt)
          acknowledged = await expectForward(scenario, acknowledged)
        }
      }
      await scenario.crash(attempt, 'throw')
      await scenario.finish()
    },
  },
  {
    name: 'ack.idleAdvances',
    level: 'L2',
    holds: 'checkpoints acknowledge to the end of the log, also of what is not for the source',
    proves: ['prunesOnAck'],
    needs: (capabilities, driver) =>
      driver.writeUnrelated === undefined
        ? 'the driver has no writeUnrelated'
        : needsAcknowledgements(capabilities, driver),
    async run(context) {
      const { driver } = context
      await using scenario = await SourceScenario.open(context)
      const attempt = await streaming(scenario)
      const { target, job } = scenario
      await driver.writeUnrelated?.(target)
      const end = (await driver.endPosition?.(target)) ?? 0n
      const deadline = job.deadline()
      for (;;) {
        const acknowledged = (await driver.acknowledged?.(target)) ?? 0n
        if (acknowledged >= end) break
        deadline.check(() => `the log ends at ${end}, and is acknowledged to ${acknowledged}`)
        await scenario.idle(attempt)
        await attempt.checkpoint()
      }
      await scenario.runOut(attempt)
    },
  },
  {
    name: 'upstream.gapIsLoud',
    level: 'L2',
    holds: 'a restart from a checkpoint whose input is gone fails with a code, for good',
    proves: [],
    needs: (capabilities, driver) =>
      driver.pruneUpstream === undefined
        ? 'the driver has no pruneUpstream'
        : needsReplay(capabilities),
    async run(context) {
      const { driver, seed } = context
      const size = { splitCount: 3, batchCount: 4, recordsPerBatch: 12 }
      await using scenario = await SourceScenario.open(context, size)
      const { target } = scenario
      const first = await scenario.start()
      if (driver.capabilities.boundedness !== 'bounded') {
        await scenario.readAll(first)
        await first.checkpoint()
        await scenario.writeNext()
      }
      // Of what is gone some was read, some was seen, and some was never seen.
      await scenario.emitSome(first, 1)
      await first.checkpoint()
      await scenario.close(first)
      await scenario.writeNext()
      await driver.pruneUpstream?.(target)
      await goOnBehindGap(scenario, seed + 1).catch((thrown: unknown) => {
        const coded = thrown instanceof FlinktsError
        if (!coded || thrown.code === 'FLINKTS_CONFORMANCE_VIOLATED') throw thrown
        // A restart would meet the same gap.
        if (thrown.retryable) throw violation(`a gap fails with ${thrown.code}, which is retried`)
      })
    },
  },
]

/** An attempt that has read all that was there, and for which what comes now is acknowledged. */
async function streaming(scenario: SourceScenario): Promise<SourceAttempt> {
  const attempt = await scenario.start()
  await scenario.readAll(attempt)
  await attempt.checkpoint()
  await scenario.writeNext()
  await scenario.readAll(attempt)
  await attempt.checkpoint()
  return attempt
}

/** Neither too much is acknowledged, nor less than before. @returns how much is. */
async function expectForward(scenario: SourceScenario, before: bigint): Promise<bigint> {
  await scenario.expectNotAhead('of checkpoints was heard out of order')
  const acknowledged = (await scenario.driver.acknowledged?.(scenario.target)) ?? 0n
  if (acknowledged >= before) return acknowledged
  throw violation(`was acknowledged to ${before}, and is to ${acknowledged} after an older notice`)
}

/** Rejects with what the source says; with a violation if it passes over the gap. */
async function goOnBehindGap(scenario: SourceScenario, seed: number): Promise<void> {
  const attempt = await scenario.start()
  const unbounded = scenario.driver.capabilities.boundedness !== 'bounded'
  const size = { splitCount: 1, batchCount: 1, recordsPerBatch: 4 }
  const later = workload(seed, size).batches.flat()
  const after = later.map((record) => ({ ...record, id: `9-${record.seq}`, split: 9 }))
  if (unbounded) await scenario.write(after)
  const deadline = scenario.job.deadline()
  for (;;) {
    deadline.check(() => 'the source neither fails nor goes on')
    await attempt.step()
    const seen = new Set(attempt.uncommitted.map(({ record }) => record.id))
    const passed = unbounded ? after.every(({ id }) => seen.has(id)) : attempt.ended
    if (!passed) continue
    await scenario.idle(attempt)
    throw violation('the source goes on behind a gap, and says nothing')
  }
}
