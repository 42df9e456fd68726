import { defineJob, type JobDefinition } from '../../api/define-job.ts'
import { defined } from '../../common/assert.ts'
import type { DeliveryGuarantee } from '../../common/guarantee.ts'
import { type Prng, randomBelow } from '../../common/prng.ts'
import { type Growth, growths, type Sketch } from './growths.ts'
import type { ExpectedOutput, ExpectedOutputs } from './invariants.ts'
import { meet } from './join-growths.ts'
import type { PlainSink } from './plain-sink.ts'
import { randomWatermarks } from './random-watermarks.ts'
import type { SimulatedPartition, SimulatedRecord } from './simulated-log.ts'
import type { SimulatedSink } from './simulated-sink.ts'
import type { SimulatedSource } from './simulated-source.ts'

/** What a random job is made from. @internal */
export interface RandomJobParts {
  readonly prng: Prng
  readonly guarantee: DeliveryGuarantee
  /** The partitions of each source, by operator id. */
  readonly logs: ReadonlyMap<string, readonly SimulatedPartition[]>
  /** The parallelism is the same in every run. */
  readonly steady: boolean
  createSource(operatorId: string): SimulatedSource
  createSink(): SimulatedSink
  createPlainSink(): PlainSink
}

/** A job, and what an undisturbed run of it writes. @internal */
export interface RandomJob {
  readonly job: JobDefinition
  /** By sink. */
  readonly expected: ExpectedOutputs
}

/**
 * A random job of 1 to 3 sources and 1 to 3 sinks. All that it computes depends on the records
 * alone and not on the order in which they meet, so that plain arrays give the expected output.
 *
 * @internal
 */
export function randomJob(parts: RandomJobParts): RandomJob {
  const { prng, guarantee, logs, steady } = parts
  const expected = new Map<string, ExpectedOutput>()
  // With strategies, records of a partition that is found late may be late.
  const punctual = randomBelow(prng, 2) === 0
  const ticks = punctual ? patientTicks : hastyTicks
  const options = { ...checkpoints, ...ticks, restart: restartForEver, guarantee }
  const job = defineJob('simulated', options, (env) => {
    const sketches = [...logs].map(([id, partitions]) => {
      const source = parts.createSource(id)
      return {
        stream: env.source(id, source, punctual ? {} : { watermarks: randomWatermarks(prng) }),
        expected: partitions.flatMap(({ records }) => records),
        ordered: true,
        conditions: { punctual, steady, bounded: source.boundedness === 'bounded' },
        origins: new Set([id]),
      }
    })
    for (const [index, output] of grow(prng, sketches).entries()) {
      const id = `sink${index}`
      const plain = guarantee === 'at-least-once' && randomBelow(prng, 2) === 0
      output.stream.map(textOf).sinkTo(id, plain ? parts.createPlainSink() : parts.createSink())
      expected.set(id, { records: output.expected.map(textOf), ordered: output.ordered })
    }
  })
  return { job, expected }
}

const checkpoints = { checkpointIntervalMs: 50, checkpointTimeoutMs: 5000 } as const
/** So long that no reader is idle before it is told that it gets no split: no record is late. */
const patientTicks = { autoWatermarkIntervalMs: 1_000_000_000 } as const
const hastyTicks = { autoWatermarkIntervalMs: 10 } as const
const restartForEver = { type: 'fixed-delay', attemptsMax: 1000, delayMs: 20 } as const

function textOf({ origin, index, key, path }: SimulatedRecord): string {
  return `${origin}#${index} key ${key}${path}`
}

/** Applies random operators until one to three streams are left. */
function grow(prng: Prng, sketches: readonly Sketch[]): readonly Sketch[] {
  const streams = [...sketches]
  const operatorCount = 1 + randomBelow(prng, 5)
  for (let index = 0; index < operatorCount; index += 1) {
    const at = randomBelow(prng, streams.length)
    const grown = pick(prng, growths)(defined(streams[at], 'a stream to grow'), index)
    // Sometimes the stream is used twice.
    if (streams.length < 3 && randomBelow(prng, 4) === 0) streams.push(grown)
    else streams[at] = grown
    const [left, right, ...others] = streams
    if (left !== undefined && right !== undefined && randomBelow(prng, 3) === 0) {
      streams.splice(0, streams.length, meet(prng, left, right, index), ...others)
    }
  }
  return streams
}

function pick(prng: Prng, from: readonly Growth[]): Growth {
  return defined(from[randomBelow(prng, from.length)], 'something to pick from')
}
