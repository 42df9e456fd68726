import { existsSync, readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { defined } from '@flinkts/core/connector'
import { type Prng, randomBelow, SeededPrng } from '@flinkts/core/testing'
import { eventually, type KafkaServer, uniqueName } from '@flinkts/test-services'
import type { RoundOptions, RoundResult } from '../drill.ts'
import { JobProcess } from '../job-process.ts'
import { Load } from './load.ts'
import { judge } from './verdict.ts'

const script = fileURLToPath(new URL('drill-job.ts', import.meta.url))

/** What a round of this pipeline is asked for. */
export interface KafkaRoundOptions extends RoundOptions {
  /** How often the broker is killed, while the job runs or between two of its starts. */
  readonly brokerKills: number
}

/**
 * What is waited for before a kill, and then a little longer: each as often as the others.
 *
 * - `start-up`: some time since the start, so maybe before it has recovered from the last kill
 * - `running`: it runs
 * - `checkpoint`: it runs, and a checkpoint has just become complete, and its commits are due
 */
const moments = ['start-up', 'running', 'checkpoint'] as const
type Moment = (typeof moments)[number]

const partitionCount = 6
const startUpMsMin = 250
const startUpMsMax = 1_200
const runningMsMax = 1_200
const checkpointMsMax = 25
const waitMsMax = 3_000
const pollMs = 1
const brokerDownMsMax = 1_500
const catchUpTimeoutMs = 120_000

/** What a round is made of. */
interface Round {
  readonly server: KafkaServer
  readonly job: JobProcess
  readonly prng: Prng
}

/**
 * One life of the job, from its first start, with topics of its own: it is killed so often, at
 * random moments, while its topic is being written to, and the broker is killed too; then it
 * catches up, and is stopped. What both topics hold, Kafka's own console consumer tells.
 *
 * @throws Error if the job ends by itself, or does not catch up
 */
export async function runRound(
  server: KafkaServer,
  options: KafkaRoundOptions,
): Promise<RoundResult> {
  const name = uniqueName('drill')
  const [source, target] = [`${name}-in`, `${name}-out`]
  await server.createTopic(source, { partitions: partitionCount })
  await server.createTopic(target, { partitions: partitionCount })
  const folder = await mkdtemp(path.join(tmpdir(), 'flinkts-drill-'))
  using job = new JobProcess({
    script,
    environment: {
      BROKERS: server.bootstrap.join(','),
      SOURCE_TOPIC: source,
      TARGET_TOPIC: target,
      NAME: name,
    },
    folder,
  })
  const load = new Load(server, source)
  const done = await strike({ server, job, prng: new SeededPrng(options.seed) }, options)
  job.start()
  await load.stop()
  await caughtUp(server, job, name)
  await job.stop()
  const result = await findings(server, { name, source, target })
  const counts = { ...done, 'commits that a restart made': committedAtRestart(job.log()) }
  if (result.examples.length === 0) await rm(folder, { recursive: true, force: true })
  return { ...result, kills: options.kills, counts: { ...counts, ...result.counts }, folder }
}

/** Starts the job and kills it, again and again; the broker too. */
async function strike(
  { server, job, prng }: Round,
  { kills, brokerKills }: KafkaRoundOptions,
): Promise<Readonly<Record<string, number>>> {
  const hit = Object.fromEntries(moments.map((moment) => [`  aimed at: ${moment}`, 0]))
  const brokerEach = brokerKills === 0 ? Number.POSITIVE_INFINITY : kills / brokerKills
  let brokerKillCount = 0
  for (let index = 0; index < kills; index += 1) {
    const moment = defined(moments[randomBelow(prng, moments.length)], 'there are moments')
    const fraction = prng.next()
    job.start()
    await untilMoment(job, moment, fraction)
    if (index + 1 >= (brokerKillCount + 0.5) * brokerEach) {
      await killBroker(server, job, prng)
      brokerKillCount += 1
    } else {
      await job.kill()
    }
    hit[`  aimed at: ${moment}`] = (hit[`  aimed at: ${moment}`] ?? 0) + 1
  }
  return { ...hit, 'kills of the broker': brokerKillCount }
}

/** The job sees the broker die, and is killed before, while or after it comes back. */
async function killBroker(server: KafkaServer, job: JobProcess, prng: Prng): Promise<void> {
  // A job that cannot reach a broker when it starts says so and ends, by right.
  await job.running()
  await server.kill()
  await delay(prng.next() * brokerDownMsMax)
  const whileDown = randomBelow(prng, 2) === 0
  if (whileDown) await job.kill()
  await server.start()
  if (whileDown) return
  await delay(prng.next() * brokerDownMsMax)
  await job.kill()
}

async function untilMoment(job: JobProcess, moment: Moment, fraction: number): Promise<void> {
  if (moment === 'start-up') {
    await delay(startUpMsMin + fraction * (startUpMsMax - startUpMsMin))
    return
  }
  await job.running()
  if (moment === 'running') {
    await delay(fraction * runningMsMax)
    return
  }
  const before = newestCheckpoint(job.checkpoints)
  const givenUpMs = performance.now() + waitMsMax
  while (newestCheckpoint(job.checkpoints) === before && performance.now() < givenUpMs) {
    await delay(pollMs)
  }
  await delay(fraction * checkpointMsMax)
}

/** The name of the last complete checkpoint. */
function newestCheckpoint(checkpoints: string): string | undefined {
  if (!existsSync(checkpoints)) return undefined
  return readdirSync(checkpoints)
    .filter((entry) => entry.startsWith('chk-'))
    .toSorted()
    .findLast((entry) => existsSync(path.join(checkpoints, entry, 'manifest.json')))
}

/** Resolves when the offsets of the job's group, as Kafka's own tool lists them, are at the end. */
async function caughtUp(server: KafkaServer, job: JobProcess, group: string): Promise<void> {
  await eventually(
    'the job to catch up',
    async () => {
      job.assertAlive()
      const { stdout } = await server.tool('kafka-consumer-groups', [
        '--describe',
        ...['--group', group],
      ])
      const lags = stdout
        .split('\n')
        .filter((line) => line.startsWith(group))
        .map((line) => line.trim().split(/\s+/)[lagColumn])
      const isAtEnd = lags.length === partitionCount && lags.every((lag) => lag === '0')
      if (!isAtEnd) throw new Error(`it lags by ${lags.join(', ')} records`)
    },
    { timeoutMs: catchUpTimeoutMs },
  )
}

const lagColumn = 5

async function findings(
  server: KafkaServer,
  { name, source, target }: Readonly<Record<'name' | 'source' | 'target', string>>,
): Promise<Pick<RoundResult, 'counts' | 'faults' | 'examples'>> {
  const written = await server.consumeCommitted(source)
  const copied = await server.consumeCommitted(target, { openTransactions: true })
  const open = await server.openTransactions()
  const left = open.filter(({ transactionalId }) => transactionalId.startsWith(name))
  const { faults, examples } = judge(written, copied)
  return {
    counts: { 'records written': written.length, 'records copied': copied.length },
    faults: { ...faults, 'left behind': left.length },
    examples: [...examples, ...left.map((one) => `left behind: ${one.transactionalId}`)],
  }
}

/** Each of them is a kill between a checkpoint and its commit. */
function committedAtRestart(log: readonly string[]): number {
  let count = 0
  for (const line of log) {
    const committed = /"committed":(\d+)/.exec(line)?.[1]
    if (line.includes('"message":"restored"') && committed !== undefined) count += Number(committed)
  }
  return count
}
