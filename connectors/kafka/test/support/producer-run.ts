import { assert } from '@flinkts/core/connector'
import { ManualScheduler } from '@flinkts/core/testing'
import {
  KafkaProducer,
  type ProducerOptions,
  type ProducerRecord,
  type ProducerSession,
} from '../../src/producer/kafka-producer.ts'
import { AppendLog } from './append-log.ts'
import { countedMetrics, producerOptions } from './producer-fixture.ts'

/** Who produces, unless told. */
const idempotentSession: ProducerSession = {
  identity: { producerId: 7, producerEpoch: 0 },
  transaction: undefined,
}

/** A producer over a log, in the time of the test. */
export interface ProducerRun {
  readonly scheduler: ManualScheduler
  readonly log: AppendLog
  readonly producer: KafkaProducer
  readonly counts: ReadonlyMap<string, number>
  /** Lets time pass until it is settled. */
  ended<T>(promise: Promise<T>): Promise<T>
  write(record: ProducerRecord): Promise<void>
}

/** A topic `t` of three partitions, led by two brokers. */
export function startProducer(
  options: Partial<ProducerOptions> = {},
  more: {
    readonly leaders?: readonly number[]
    readonly session?: Promise<ProducerSession>
    readonly random?: () => number
  } = {},
): ProducerRun {
  const scheduler = new ManualScheduler()
  const log = new AppendLog('t', more.leaders ?? [1, 2, 1], scheduler)
  const { counts, metrics } = countedMetrics()
  const producer = new KafkaProducer({
    cluster: log,
    clock: scheduler,
    scheduler,
    random: more.random ?? (() => 0),
    options: { ...producerOptions, ...options },
    session: more.session ?? Promise.resolve(idempotentSession),
    metrics,
  })
  const ended = async <T>(promise: Promise<T>): Promise<T> => {
    const state = { pending: true }
    const settled = promise.then(
      () => undefined,
      () => undefined,
    )
    void settled.finally(() => {
      state.pending = false
    })
    await scheduler.settle()
    const endMs = scheduler.monotonic() + limitMs
    while (state.pending && (await scheduler.advanceToTimer(endMs))) await scheduler.settle()
    assert(!state.pending, 'what is waited for is settled in the end')
    return promise
  }
  return {
    scheduler,
    log,
    producer,
    counts,
    ended,
    write: async (record) => {
      const written = producer.write(record)
      if (written !== undefined) await ended(written)
    },
  }
}

/** Longer than every timeout. */
const limitMs = 10 * 60_000
