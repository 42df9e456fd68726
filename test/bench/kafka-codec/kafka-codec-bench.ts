import { fileURLToPath } from 'node:url'
import type { Bench, BenchOptions, BenchResult } from '../bench.ts'
import { atLeast, type Goal } from '../goals.ts'
import { measureInNode } from '../node-process.ts'
import { median, rounded } from '../statistics.ts'

/** What a run prints: one rate for each slice of its time. */
interface CodecRun {
  readonly recordsPerSecond: readonly number[]
}

interface CodecFigures {
  readonly action: 'decode' | 'encode'
  readonly compression: string
  /** Records a second. */
  readonly flinkts: number
  readonly kafkajs: number
  readonly ratio: number
}

/** Inside the package of the connector, because no entry point exports the codec. */
const module = fileURLToPath(
  new URL('../../../connectors/kafka/test/jobs/codec-measure.ts', import.meta.url),
)
const actions = ['decode', 'encode'] as const
const compressions = ['none', 'lz4', 'gzip'] as const
/** With gzip most of the time is zlib's, which is the same on both sides. */
const goalCompressions: readonly string[] = ['none', 'lz4']
const targets = { decode: atLeast(4), encode: atLeast(6) }
const roundCount = 3

/** Record batches of Kafka as bytes: how fast they are read and written. */
export const kafkaCodecBench: Bench = {
  name: 'kafka-codec',
  description: 'record batches of Kafka, decoded and encoded, against kafkajs',
  run,
}

async function run({ quick }: BenchOptions): Promise<BenchResult> {
  const seconds = quick ? 0.3 : 1.2
  const figures: CodecFigures[] = []
  for (const compression of compressions) {
    for (const action of actions) {
      const measured = await compare(action, compression, seconds)
      console.log(lineOf(measured))
      figures.push(measured)
    }
  }
  return { goals: figures.flatMap(goalsOf), figures }
}

async function compare(
  action: CodecFigures['action'],
  compression: string,
  seconds: number,
): Promise<CodecFigures> {
  const flinkts: number[] = []
  const kafkajs: number[] = []
  for (let round = 0; round < roundCount; round += 1) {
    flinkts.push(await rateOf(['flinkts', action, compression, String(seconds)]))
    kafkajs.push(await rateOf(['kafkajs', action, compression, String(seconds)]))
  }
  const rates = { flinkts: median(flinkts), kafkajs: median(kafkajs) }
  return { action, compression, ...rates, ratio: rates.flinkts / rates.kafkajs }
}

async function rateOf(args: readonly string[]): Promise<number> {
  const { recordsPerSecond } = await measureInNode<CodecRun>(module, args)
  return median(recordsPerSecond)
}

function goalsOf({ action, compression, ratio }: CodecFigures): readonly Goal[] {
  if (!goalCompressions.includes(compression)) return []
  const name = `kafka-${action}-${compression}`
  return [{ name, figure: ratio, target: targets[action], unit: 'x' }]
}

function lineOf({ action, compression, flinkts, kafkajs, ratio }: CodecFigures): string {
  const what = `${action} ${compression}`.padEnd(12)
  return `${what} ${millions(flinkts)}, kafkajs ${millions(kafkajs)}: ${rounded(ratio, 1)} x`
}

function millions(rate: number): string {
  return `${(rate / 1e6).toFixed(2).padStart(6)} M records/s`
}
