import { randomBelow, SeededPrng } from '@flinkts/core/testing'
import { observed } from '../../engine/sink/commit.ts'
import { SinkScenario, type CrashMode } from '../../engine/sink/sink-scenario.ts'
import type { SinkAttempt } from '../../engine/sink/sink-attempt.ts'
import type { SinkJob } from '../../engine/sink/sink-job.ts'
import type { SinkCheck } from './sink-check.ts'
import { needsCommits } from './needs.ts'

/** A moment of a checkpoint at which an attempt ends. */
interface CrashPoint {
  /** `K1` to `K12`; K13 and K14 have checks of their own. */
  readonly point: string
  readonly when: string
  /** Whether there is such a moment only if the sink commits. */
  readonly ofCommit: boolean
  /** Leads a running attempt to the moment. */
  reach(attempt: SinkAttempt, job: SinkJob): Promise<void>
}

const points: readonly CrashPoint[] = [
  {
    point: 'K1',
    when: 'in the middle of writing',
    ofCommit: false,
    async reach(attempt) {
      const { nextBatch } = attempt
      await attempt.write(nextBatch.slice(0, Math.ceil(nextBatch.length / 2)))
    },
  },
  {
    point: 'K2',
    when: 'before the flush',
    ofCommit: false,
    async reach(attempt) {
      await attempt.writeBatch()
    },
  },
  {
    point: 'K3',
    when: 'flushed, and not prepared',
    ofCommit: false,
    async reach(attempt) {
      await attempt.writeBatch()
      await attempt.flush()
    },
  },
  {
    point: 'K4',
    when: 'while it prepares',
    ofCommit: false,
    async reach(attempt) {
      await attempt.writeBatch()
      void observed(attempt.cut())
    },
  },
  {
    point: 'K5',
    when: 'prepared, and the checkpoint is not durable',
    ofCommit: false,
    async reach(attempt) {
      await attempt.writeBatch()
      await attempt.cut()
    },
  },
  {
    point: 'K6',
    when: 'the checkpoint is durable, and nothing is committed',
    ofCommit: false,
    reach: complete,
  },
  {
    point: 'K7',
    when: 'in the middle of a commit, which goes on while the next attempt commits',
    ofCommit: true,
    async reach(attempt) {
      await complete(attempt)
      void observed(attempt.commit())
    },
  },
  {
    point: 'K8',
    when: 'committed, and the reply is lost',
    ofCommit: true,
    async reach(attempt) {
      await complete(attempt)
      await attempt.commit()
    },
  },
  {
    point: 'K9',
    when: 'committed, and the next checkpoint still holds it',
    ofCommit: true,
    async reach(attempt) {
      await complete(attempt)
      for (const { committable, stored } of attempt.due()) {
        await attempt.commitOne(committable, stored.subtask)
      }
      await complete(attempt)
    },
  },
  {
    point: 'K10',
    when: 'some of the committables of a checkpoint are committed',
    ofCommit: true,
    async reach(attempt) {
      await complete(attempt)
      const [first] = attempt.due()
      if (first !== undefined) await attempt.commitOne(first.committable, first.stored.subtask)
    },
  },
  {
    point: 'K11',
    when: 'twice in the commits of a restart',
    ofCommit: true,
    async reach(attempt, job) {
      await complete(attempt)
      await job.recover(job.stored.committables.slice(0, 1))
      await job.recover(job.stored.committables.slice(0, 2))
    },
  },
]

const waysOf: Readonly<Record<CrashMode, string>> = {
  throw: 'an attempt fails and is closed',
  abandon: 'an attempt is left alone',
}

/** Crashes in this process, at every point, in both ways. @internal */
export const crashChecks: readonly SinkCheck[] = [
  ...points.flatMap((point) => [crashCheck(point, 'throw'), crashCheck(point, 'abandon')]),
  cleanUpCrash('throw'),
  cleanUpCrash('abandon'),
]

function crashCheck(point: CrashPoint, mode: CrashMode): SinkCheck {
  return {
    name: `crash@${point.point}.${mode}`,
    level: 'L3',
    holds: `${waysOf[mode]} ${point.when}: the next attempt makes it good`,
    proves: ['guarantee', 'mechanism', 'order'],
    ...(point.ofCommit ? { needs: needsCommits } : {}),
    async run(context) {
      await using scenario = await SinkScenario.open(context)
      const attempt = await scenario.job.start()
      const before = randomBelow(new SeededPrng(context.seed), 3)
      for (let count = 0; count < before; count += 1) await attempt.checkpoint()
      await point.reach(attempt, scenario.job)
      await scenario.crash(attempt, mode)
      await scenario.finish()
    },
  }
}

/** K12: a new attempt dies while its writers start, which is when the remains are removed. */
function cleanUpCrash(mode: CrashMode): SinkCheck {
  return {
    name: `crash@K12.${mode}`,
    level: 'L3',
    holds: `${waysOf[mode]} while it removes what is left of older ones: the next makes it good`,
    proves: ['guarantee'],
    async run(context) {
      await using scenario = await SinkScenario.open(context)
      const { job } = scenario
      const first = await job.start()
      await first.checkpoint()
      await first.writeBatch()
      await first.cut()
      await scenario.crash(first, 'abandon')
      const second = await job.startWithoutWriters()
      const opened = observed(second.open())
      if (mode === 'throw') await opened
      await scenario.crash(second, mode)
      await scenario.finish()
    },
  }
}

async function complete(attempt: SinkAttempt): Promise<void> {
  await attempt.writeBatch()
  attempt.complete(await attempt.cut())
}
