import { FlinktsError } from '@flinkts/core/connector'
import { randomBelow, SeededPrng } from '@flinkts/core/testing'
import type { SinkCapabilities } from '../../capabilities/sink-capabilities.ts'
import type { SinkDriver } from '../../driver/sink-driver.ts'
import type { SinkAttempt } from '../../engine/sink/sink-attempt.ts'
import { SinkScenario } from '../../engine/sink/sink-scenario.ts'
import { violation } from '../../engine/violation.ts'
import { needsCommits } from './needs.ts'
import type { SinkCheck } from './sink-check.ts'

/** More than a system answers while a small batch is written and prepared. */
const answersBytesMax = 200

/** Connections that break before the system has said what it did. @internal */
export const networkChecks: readonly SinkCheck[] = [
  {
    name: 'crash@K4.lostReply',
    level: 'L3',
    holds: 'answers while it writes and prepares are lost: the same attempt or the next goes on',
    proves: ['guarantee', 'mechanism'],
    needs: needsBreaking,
    run: (context) =>
      loseReplies(context, async (scenario, attempt) => {
        const { driver, seed } = context
        const prng = new SeededPrng(seed * 1013 + scenario.job.stored.batchCount)
        await driver.breakConnections?.(scenario.target, randomBelow(prng, answersBytesMax))
        await attempt.checkpoint()
      }),
  },
  {
    name: 'crash@K8.lostReply',
    level: 'L3',
    holds: 'a commit is done, and the answer is lost: it is known to be done, and goes on',
    proves: ['guarantee', 'mechanism'],
    once: true,
    needs: (capabilities, driver) =>
      needsCommits(capabilities) ?? needsBreaking(capabilities, driver),
    run: (context) =>
      loseReplies(context, async (scenario, attempt) => {
        await attempt.writeBatch()
        attempt.complete(await attempt.cut(attempt.finished))
        await context.driver.breakConnections?.(scenario.target, 0)
        await attempt.commit()
      }),
  },
]

function needsBreaking(_capabilities: SinkCapabilities, driver: SinkDriver): string | undefined {
  return driver.breakConnections === undefined ? 'the driver has no breakConnections' : undefined
}

/** Every checkpoint but the first loses its connections; who fails is followed by a new attempt. */
async function loseReplies(
  context: Parameters<SinkCheck['run']>[0],
  checkpoint: (scenario: SinkScenario, attempt: SinkAttempt) => Promise<void>,
): Promise<void> {
  await using scenario = await SinkScenario.open(context)
  const { job } = scenario
  let attempt = await job.start()
  // Committers connect when they first commit.
  await attempt.checkpoint()
  while (!attempt.finished) {
    const failed = await checkpoint(scenario, attempt).then(() => false, retryable)
    if (!failed) continue
    await scenario.crash(attempt, 'throw')
    attempt = await job.start()
    if (!attempt.finished) await attempt.checkpoint()
  }
  // The connections that are left are broken, too.
  await scenario.crash(attempt, 'throw')
  await scenario.finish()
}

/** A lost connection must not end a job for good. */
function retryable(thrown: unknown): boolean {
  if (thrown instanceof FlinktsError && thrown.retryable) return true
  if (thrown instanceof FlinktsError && thrown.code === 'FLINKTS_CONFORMANCE_VIOLATED') throw thrown
  throw violation('a lost answer fails in a way that is not tried again', thrown)
}
