import { setTimeout as delay } from 'node:timers/promises'
import type { KafkaServer } from '@flinkts/test-services'

const recordsAtOnce = 6_000
const recordsPerSecond = 3_000
const recordBytes = 60
const pauseMs = 100
const failuresInARowMax = 100

/**
 * Kafka's own load generator, which writes letters to all partitions of a topic, again and again
 * until it is stopped. It runs in the container of the broker, and dies with it.
 */
export class Load {
  readonly #running: Promise<void>
  #stopping = false

  constructor(server: KafkaServer, topic: string) {
    this.#running = this.#run(server, topic)
    // A failure is told by `stop`.
    this.#running.catch(() => undefined)
  }

  /** Resolves when the last record is written. @throws Error if none could be written for long */
  async stop(): Promise<void> {
    this.#stopping = true
    await this.#running
  }

  async #run(server: KafkaServer, topic: string): Promise<void> {
    const [bootstrap] = server.bootstrap
    let failures = 0
    while (!this.#stopping) {
      const problem = await generate(server, topic, `bootstrap.servers=${bootstrap}`)
      failures = problem === undefined ? 0 : failures + 1
      if (failures > failuresInARowMax)
        throw new Error(`the load fails again and again: ${problem}`)
      if (problem !== undefined) await delay(pauseMs)
    }
  }
}

/** @returns what went wrong: a killed broker takes the generator with it. */
async function generate(
  server: KafkaServer,
  topic: string,
  bootstrap: string,
): Promise<string | undefined> {
  try {
    const { exitCode, stderr } = await server.tool('kafka-producer-perf-test', [
      ...['--topic', topic, '--num-records', String(recordsAtOnce)],
      ...['--record-size', String(recordBytes), '--throughput', String(recordsPerSecond)],
      ...['--producer-props', bootstrap, 'acks=all', 'batch.size=2000'],
    ])
    return exitCode === 0 ? undefined : stderr
  } catch (error) {
    return String(error)
  }
}
