import { delay } from '@flinkts/core/connector'
import { scheduler } from '../../engine/kit-runtime.ts'
import type { SourceAttempt } from '../../engine/source/source-attempt.ts'
import { SourceScenario } from '../../engine/source/source-scenario.ts'
import { violation } from '../../engine/violation.ts'
import type { SourceCheck } from './source-check.ts'

/** Enough for a promise to resolve, whose cause was there a moment ago. */
const graceMs = 200
const earlyPolls = 3
/** Records that a poll may emit after the one that was to be its last. */
const overrunMax = 16

/** When a reader is polled, and how much it emits then. @internal */
export const pollChecks: readonly SourceCheck[] = [
  {
    name: 'poll.respectsTheBudget',
    level: 'L0',
    holds: 'a poll returns soon when it is told that it emits enough',
    proves: [],
    once: true,
    async run(context) {
      const size = { splitCount: 1, batchCount: 1, recordsPerBatch: 300 }
      await using scenario = await SourceScenario.open(context, size)
      const attempt = await scenario.start({ pollRecordsMax: 1 })
      await scenario.readAll(attempt)
      const overrun = Math.max(...attempt.subtasks.map((subtask) => subtask.overrunMax))
      if (overrun > overrunMax) throw violation(`a poll emitted ${overrun} records too many`)
      await scenario.runOut(attempt)
    },
  },
  {
    name: 'poll.withoutCause',
    level: 'L0',
    holds: 'polls that come early do no harm, and every promise of `available` is kept after them',
    proves: [],
    async run(context) {
      await using scenario = await SourceScenario.open(context)
      const attempt = await scenario.start()
      for (;;) {
        for (let count = 0; count < earlyPolls; count += 1) {
          attempt.pollEarly()
          await attempt.step()
        }
        await scenario.writeNext()
        await scenario.readAll(attempt, () => expectAwake(attempt))
        if (!scenario.moreToWrite) break
      }
      await scenario.runOut(attempt)
    },
  },
  {
    name: 'idle.noSpin',
    level: 'L0',
    holds: 'a reader with nothing to emit is not available again and again',
    proves: [],
    once: true,
    needs: ({ boundedness }) => (boundedness === 'bounded' ? 'a bounded source ends' : undefined),
    async run(context) {
      await using scenario = await SourceScenario.open(context)
      const attempt = await scenario.start()
      await scenario.readAll(attempt)
      const polls = (): number =>
        attempt.subtasks.reduce((sum, { pollCount }) => sum + pollCount, 0)
      const before = polls()
      const ms = Math.max(context.quietMs, 100)
      await scenario.idle(attempt, ms)
      const count = polls() - before
      if (count > ms) throw violation(`${count} polls in ${ms} ms, and nothing to emit`)
      await scenario.runOut(attempt)
    },
  },
]

/** Nobody may have records that a poll brings to light, and a promise that stays open. */
async function expectAwake(attempt: SourceAttempt): Promise<void> {
  const emitting = attempt.pollEarly()
  await delay(scheduler, graceMs)
  if (!emitting.some(({ promised }) => promised)) return
  throw violation('a reader has records to emit, and its `available` does not resolve')
}
