import { prepareServices, startKafka } from '@flinkts/test-services'
import type { Bench, BenchOptions, BenchResult } from '../bench.ts'
import { buildPackages } from '../build-packages.ts'
import { findPeer } from '../flink/peer-build.ts'
import { cacheFolder } from '../installation.ts'
import { partsOf } from '../parts.ts'
import { rounded } from '../statistics.ts'
import { type Engine, type EngineName, type Engines, enginesOf } from './engines.ts'
import { figuresOf, type Runs } from './kafka-figures.ts'
import { kafkaGoals, type LatencyName } from './kafka-goals.ts'
import { type CopyRun, KafkaRuns } from './kafka-runs.ts'

const partNames = ['bytes', 'map', 'latency', 'memory'] as const

interface Sizes {
  readonly rounds: number
  readonly records: number
  /** Of the loop of kafkajs, whose rate does not depend on it. */
  readonly kafkajsRecords: number
  readonly latency: {
    readonly recordsPerSecond: number
    readonly seconds: number
    readonly skippedSeconds: number
  }
  readonly memory: {
    readonly partitions: number
    readonly partitionBytes: number
    readonly seconds: number
  }
}

const fullSizes: Sizes = {
  rounds: 3,
  records: 1_000_000,
  kafkajsRecords: 200_000,
  latency: { recordsPerSecond: 1000, seconds: 30, skippedSeconds: 12 },
  memory: { partitions: 50, partitionBytes: 100_000_000, seconds: 30 },
}
const quickSizes: Sizes = {
  rounds: 1,
  records: 50_000,
  kafkajsRecords: 20_000,
  latency: { recordsPerSecond: 1000, seconds: 14, skippedSeconds: 10 },
  memory: { partitions: 50, partitionBytes: 4_000_000, seconds: 10 },
}
const recordBytes = 200
const memoryRecordBytes = 4_000

/** From topic to topic, exactly once, on one broker, in turn. */
export const kafkaBench: Bench = {
  name: 'kafka',
  description: 'from topic to topic, exactly once, against Flink, Kafka Streams and kafkajs',
  run,
}

async function run({ quick, only }: BenchOptions): Promise<BenchResult> {
  const parts = partsOf(partNames, only)
  const sizes = quick ? quickSizes : fullSizes
  buildPackages()
  const found = await findPeer(process.env, cacheFolder())
  if ('missing' in found) console.log(`without Flink and Kafka Streams: ${found.missing}`)
  const engines = enginesOf('folder' in found ? found.folder : undefined)
  await prepareServices()
  await using server = await startKafka({ purpose: 'throughput' })
  const kafka = new KafkaRuns(server)
  const runs: Runs = { bytes: {}, atLeastOnce: [], map: {}, latency: {}, stalledMib: [] }
  if (parts.includes('bytes')) await measureBytes(kafka, engines, { sizes, runs })
  if (parts.includes('map')) await measureMap(kafka, engines, { sizes, runs })
  if (parts.includes('latency')) await measureLatency(kafka, engines, { sizes, runs })
  if (parts.includes('memory')) await measureMemory(kafka, { sizes, runs })
  const figures = figuresOf(runs)
  return { goals: kafkaGoals(figures), figures: { sizes, ...figures, runs } }
}

interface Recording {
  readonly sizes: Sizes
  readonly runs: Runs
}

const exactlyOnce = { delivery: 'exactly-once', commitIntervalMs: 1000 } as const

async function measureBytes(
  kafka: KafkaRuns,
  engines: Engines,
  { sizes: { rounds, records, kafkajsRecords }, runs }: Recording,
): Promise<void> {
  const input = await kafka.fillTopic({ partitions: 1, records, recordBytes })
  const smallInput = await kafka.fillTopic({ partitions: 1, records: kafkajsRecords, recordBytes })
  const plan = { ...exactlyOnce, work: 'bytes', input } as const
  // The first to use a broker would be the slowest.
  await kafka.copy(engines.flinkts, plan, records)
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, engine] of entriesOf(engines)) {
      const ofKafkajs = name === 'kafkajs'
      const own = ofKafkajs ? { ...plan, input: smallInput } : plan
      const made = await kafka.copy(engine, own, ofKafkajs ? kafkajsRecords : records)
      note(`bytes, ${name}`, made)
      ;(runs.bytes[name] ??= []).push(made)
    }
    const made = await kafka.copy(engines.flinkts, { ...plan, delivery: 'at-least-once' }, records)
    note('bytes, flinkts, at least once', made)
    runs.atLeastOnce.push(made)
  }
}

async function measureMap(
  kafka: KafkaRuns,
  engines: Engines,
  { sizes: { rounds, records }, runs }: Recording,
): Promise<void> {
  const input = await kafka.fillTopic({ partitions: 1, records, recordBytes })
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, engine] of entriesOf(engines)) {
      if (name === 'kafkajs') continue
      const made = await kafka.copy(engine, { ...exactlyOnce, work: 'map', input }, records)
      note(`map, ${name}`, made)
      ;(runs.map[name] ??= []).push(made)
    }
  }
}

const latencyRuns = [
  { name: 'flinkts-1000', engine: 'flinkts', commitIntervalMs: 1000 },
  { name: 'flink-1000', engine: 'flink', commitIntervalMs: 1000 },
  { name: 'flinkts-100', engine: 'flinkts', commitIntervalMs: 100 },
  { name: 'streams-100', engine: 'streams', commitIntervalMs: 100 },
] as const satisfies readonly {
  readonly name: LatencyName
  readonly engine: EngineName
  readonly commitIntervalMs: number
}[]

async function measureLatency(
  kafka: KafkaRuns,
  engines: Engines,
  { sizes: { rounds, latency }, runs }: Recording,
): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    for (const { name, engine: engineName, commitIntervalMs } of latencyRuns) {
      const engine = engines[engineName]
      if (engine === undefined) continue
      const plan = { delivery: 'exactly-once', work: 'bytes', commitIntervalMs } as const
      const made = await kafka.latency(engine, plan, latency)
      console.log(`latency, ${name}: p50 ${made.p50Ms}, p99 ${made.p99Ms}, max ${made.maxMs} ms`)
      ;(runs.latency[name] ??= []).push(made)
    }
  }
}

async function measureMemory(
  kafka: KafkaRuns,
  { sizes: { memory }, runs }: Recording,
): Promise<void> {
  const { partitions, partitionBytes, seconds } = memory
  const records = Math.ceil((partitions * partitionBytes) / memoryRecordBytes)
  const topic = await kafka.fillTopic({ partitions, records, recordBytes: memoryRecordBytes })
  const mib = await kafka.memoryMib(topic, seconds)
  console.log(`memory with a sink that stalls: ${rounded(mib, 0)} MiB`)
  runs.stalledMib.push(mib)
}

function entriesOf(engines: Engines): readonly (readonly [EngineName, Engine])[] {
  const names: readonly EngineName[] = ['flinkts', 'flink', 'streams', 'kafkajs']
  return names.flatMap((name) => {
    const engine = engines[name]
    return engine === undefined ? [] : [[name, engine] as const]
  })
}

function note(what: string, made: CopyRun): void {
  const { recordsPerCpuSecond, recordsPerSecond, steadyPerSecond, firstCommitMs, peakMib } = made
  console.log(
    `${what}: ${rounded(recordsPerCpuSecond, 0)} records per CPU second, ` +
      `${rounded(recordsPerSecond, 0)}/s with the start, ` +
      `${rounded(steadyPerSecond, 0)}/s steady, ` +
      `first commit after ${rounded(firstCommitMs, 0)} ms, ${rounded(peakMib, 0)} MiB`,
  )
}
