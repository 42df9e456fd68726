import { delay } from '@flinkts/core/connector'
import { randomBelow } from '@flinkts/core/testing'
import { scheduler } from '../../engine/kit-runtime.ts'
import type { SourceAttempt } from '../../engine/source/source-attempt.ts'
import { type CrashMode, SourceScenario } from '../../engine/source/source-scenario.ts'
import { needsReconnect, needsReplay, needsSnapshot } from './needs.ts'
import type { SourceCheck, SourceCheckContext } from './source-check.ts'

/** A moment at which an attempt ends. */
interface CrashPoint {
  /** `S1` to `S8`; S9 has a check of its own. */
  readonly point: string
  readonly when: string
  readonly needs: NonNullable<SourceCheck['needs']>
  /** Leads a running attempt to the moment. */
  reach(attempt: SourceAttempt, scenario: SourceScenario): Promise<void>
}

const points: readonly CrashPoint[] = [
  {
    point: 'S1',
    when: 'when it has started',
    needs: needsReplay,
    reach: async () => {},
  },
  {
    point: 'S2',
    when: 'in the middle of what was there at first',
    needs: needsReplay,
    async reach(attempt, scenario) {
      await scenario.emitSome(attempt, scenario.upTo(8))
    },
  },
  {
    point: 'S3',
    when: 'where the snapshot ends and the stream begins',
    needs: needsSnapshot,
    async reach(attempt, scenario) {
      await scenario.emitSome(attempt, Number.POSITIVE_INFINITY)
      for (let left = randomBelow(scenario.prng, 4); left > 0; left -= 1) {
        await attempt.checkpoint()
        await scenario.idle(attempt, 0)
      }
      await scenario.writeNext()
      await scenario.idle(attempt, 0)
    },
  },
  {
    point: 'S4',
    when: 'with records that are read and not emitted',
    needs: needsReplay,
    async reach(attempt, scenario) {
      await scenario.emitSome(attempt, 1)
      await attempt.checkpoint()
      await delay(scheduler, readAheadMs)
    },
  },
  {
    point: 'S5',
    when: 'when its state is taken, and the checkpoint is not durable',
    needs: needsReplay,
    async reach(attempt, scenario) {
      await scenario.emitSome(attempt, scenario.upTo(8))
      await attempt.cut()
    },
  },
  {
    point: 'S6',
    when: 'when the checkpoint is durable, and nobody was told',
    needs: needsReplay,
    async reach(attempt, scenario) {
      await scenario.emitSome(attempt, scenario.upTo(8))
      attempt.complete(await attempt.cut())
    },
  },
  {
    point: 'S7',
    when: 'when it was told of the checkpoint, and the reply to the acknowledgement is lost',
    needs: needsReplay,
    async reach(attempt, scenario) {
      await scenario.emitSome(attempt, scenario.upTo(8))
      await attempt.checkpoint()
      attempt.deliver()
    },
  },
  {
    point: 'S8',
    when: 'when a checkpoint has failed and the next one has completed',
    needs: needsReplay,
    async reach(attempt, scenario) {
      await scenario.emitSome(attempt, scenario.upTo(4))
      const { length } = (await attempt.cut()).emitted
      await scenario.emitSome(attempt, length - scenario.job.stored.emitted.length + 1)
      await attempt.checkpoint()
      await scenario.emitSome(attempt, 1)
    },
  },
]

/** Enough for what is near to be read ahead. */
const readAheadMs = 20
/** Less than a batch has. */
const cutBytesMax = 1_500

const waysOf: Readonly<Record<CrashMode, string>> = {
  throw: 'an attempt fails and is closed',
  abandon: 'the next attempt starts while the older one still closes,',
}

/** Crashes in this process, at every point, in both ways. @internal */
export const crashChecks: readonly SourceCheck[] = [
  ...points.flatMap((point) => [crashCheck(point, 'throw'), crashCheck(point, 'abandon')]),
  {
    name: 'crash@S9.reconnect',
    level: 'L2',
    holds: 'connections are lost between two polls: the same attempt goes on',
    proves: ['reconnects'],
    needs: needsReconnect,
    run: (context) =>
      loseConnections(context, async ({ driver, target }) => {
        await driver.killConnections?.(target)
      }),
  },
  {
    name: 'crash@S9.cut',
    level: 'L2',
    holds: 'connections break in the middle of a transaction: the same attempt goes on with it',
    proves: ['reconnects'],
    needs: (capabilities, driver) =>
      driver.breakConnections === undefined
        ? 'the driver has no breakConnections'
        : needsReconnect(capabilities, driver),
    run: (context) =>
      loseConnections(context, async ({ driver, target, prng }) => {
        await driver.breakConnections?.(target, randomBelow(prng, cutBytesMax))
      }),
  },
]

/** One attempt reads everything, and loses its connections before, while and after each batch. */
async function loseConnections(
  context: SourceCheckContext,
  lose: (scenario: SourceScenario) => Promise<void>,
): Promise<void> {
  await using scenario = await SourceScenario.open(context)
  const attempt = await scenario.start({ pollRecordsMax: 2 })
  for (;;) {
    await scenario.emitSome(attempt, scenario.upTo(6))
    await delay(scheduler, readAheadMs)
    await lose(scenario)
    await delay(scheduler, readAheadMs)
    await scenario.readAll(attempt)
    await attempt.checkpoint()
    if (!scenario.moreToWrite) break
    await lose(scenario)
    await scenario.writeNext()
  }
  await scenario.runOut(attempt)
}

function crashCheck(point: CrashPoint, mode: CrashMode): SourceCheck {
  const { when, needs } = point
  return {
    name: `crash@${point.point}.${mode}`,
    level: 'L2',
    holds: `${waysOf[mode]} ${when}: the next one makes it good`,
    proves: ['replayable'],
    needs,
    async run(context) {
      await using scenario = await SourceScenario.open(context)
      const attempt = await scenario.start()
      const before = randomBelow(scenario.prng, 3)
      for (let count = 0; count < before && point.point !== 'S3'; count += 1) {
        await scenario.emitSome(attempt, scenario.upTo(4))
        await attempt.checkpoint()
      }
      await point.reach(attempt, scenario)
      await scenario.crash(attempt, mode)
      await scenario.finish()
    },
  }
}
