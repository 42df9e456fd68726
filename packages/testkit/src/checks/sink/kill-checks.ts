import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { delay } from '@flinkts/core/connector'
import { type Prng, randomBelow, SeededPrng } from '@flinkts/core/testing'
import { scheduler } from '../../engine/kit-runtime.ts'
import { failOn } from '../../engine/violation.ts'
import type { Kill, SinkPlan } from '../../processes/process-plan.ts'
import { runProcess } from '../../processes/run-process.ts'
import { defaultSize, workload } from '../../records/kit-record.ts'
import { compareRecords } from '../../records/oracle.ts'
import type { SinkCheck, SinkCheckContext } from './sink-check.ts'
import { needsCommits } from './needs.ts'

/** Where processes of a run die, one after the other. */
interface KillSeries {
  readonly name: string
  readonly holds: string
  readonly ofCommit: boolean
  readonly kills: (prng: Prng) => readonly Kill[]
}

const any = (prng: Prng, limit: number): number => 1 + randomBelow(prng, limit)

const series: readonly KillSeries[] = [
  {
    name: 'K1',
    holds: 'while it writes',
    ofCommit: false,
    kills: (prng) => [{ point: 'K1', nth: any(prng, 50) }],
  },
  {
    name: 'K2',
    holds: 'before it flushes',
    ofCommit: false,
    kills: (prng) => [{ point: 'K2', nth: any(prng, 8) }],
  },
  {
    name: 'K3',
    holds: 'when it has flushed',
    ofCommit: false,
    kills: (prng) => [{ point: 'K3', nth: any(prng, 8) }],
  },
  {
    name: 'K4',
    holds: 'while it prepares',
    ofCommit: true,
    kills: (prng) => [{ point: 'K4', nth: any(prng, 8) }],
  },
  {
    name: 'K5',
    holds: 'prepared, before the checkpoint is durable',
    ofCommit: true,
    kills: (prng) => [{ point: 'K5', nth: any(prng, 8) }],
  },
  {
    name: 'K6',
    holds: 'when the checkpoint is durable, before the commit',
    ofCommit: true,
    kills: (prng) => [{ point: 'K6', nth: any(prng, 8) }],
  },
  {
    name: 'K7',
    holds: 'while it commits',
    ofCommit: true,
    kills: (prng) => [{ point: 'K7', nth: any(prng, 8) }],
  },
  {
    name: 'K8',
    holds: 'committed, before it hears of it',
    ofCommit: true,
    kills: (prng) => [{ point: 'K8', nth: 2 * any(prng, 4) }],
  },
  {
    name: 'K9',
    holds: 'committed, while the next checkpoint is prepared',
    ofCommit: true,
    kills: (prng) => [{ point: 'K9', nth: any(prng, 6) }],
  },
  {
    name: 'K10',
    holds: 'when the first of two subtasks has committed',
    ofCommit: true,
    kills: (prng) => [{ point: 'K8', nth: 2 * any(prng, 4) - 1 }],
  },
  {
    name: 'K11',
    holds: 'before the commit, and twice in the commits of the restart',
    ofCommit: true,
    kills: (prng) => [
      { point: 'K6', nth: any(prng, 8) },
      { point: 'K11', nth: 1 },
      { point: 'K11', nth: 1 },
    ],
  },
  {
    name: 'K12',
    holds: 'while it writes, and again while the next one removes what is left',
    ofCommit: false,
    kills: (prng) => [
      { point: 'K3', nth: any(prng, 8) },
      { point: 'K12', nth: any(prng, 2) },
    ],
  },
]

/** Real jobs in processes that die by SIGKILL, and start again until they are done. @internal */
export const killChecks: readonly SinkCheck[] = [
  ...series.map(killCheck),
  {
    name: 'resources.noLeaks',
    level: 'L0',
    holds: 'when a job has finished, nothing of the sink keeps its process alive',
    proves: [],
    once: true,
    run: (context) => runSeries(context, []),
  },
]

function killCheck({ name, holds, ofCommit, kills }: KillSeries): SinkCheck {
  return {
    name: `crash@${name}.kill`,
    level: 'L3',
    holds: `a process is killed ${holds}: the next one makes it good`,
    proves: ['guarantee', 'mechanism', 'order'],
    ...(ofCommit ? { needs: needsCommits } : {}),
    run: (context) => runSeries(context, kills(new SeededPrng(context.seed))),
  }
}

/** One process for each kill, and one more, which must come to the end. */
async function runSeries(context: SinkCheckContext, kills: readonly Kill[]): Promise<void> {
  const { driver, seed, quietMs } = context
  const target = await driver.setup()
  const checkpointDirectory = await mkdtemp(join(tmpdir(), 'flinkts-testkit-'))
  try {
    const { module } = driver
    const size = defaultSize
    const plan: SinkPlan = { module, target, checkpointDirectory, seed, size, parallelism: 2 }
    const main = 'sink/sink-main'
    for (const kill of kills) await runProcess({ main, plan: { ...plan, kill } })
    await runProcess({ main, plan })
    const expected = workload(seed, size).batches.flat()
    for (const when of ['when the job has finished', 'after a quiet period']) {
      const found = await driver.readCommitted(target)
      failOn(compareRecords(expected, found, driver.capabilities), when)
      const left = await driver.listInFlight(target)
      failOn(left.length === 0 ? [] : [`in flight: ${left.join(', ')}`], when)
      await delay(scheduler, quietMs)
    }
  } finally {
    await rm(checkpointDirectory, { recursive: true, force: true })
    await driver.clean(target)
  }
}
