import { readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type KafkaServer, uniqueName } from '@flinkts/test-services'
import { MeasuredProcess } from '../measured-process.ts'
import { measureBuilt } from '../node-process.ts'
import { scratchFolder } from '../scratch.ts'
import type { CopySettings } from './copy-settings.ts'
import type { CopyCount, CountSettings } from './processes/count-copies.ts'
import { type Engine, nodeCommand, processFile } from './engines.ts'
import type { FillSettings } from './processes/fill.ts'
import type { LatencyRun, LatencySettings } from './processes/latency.ts'
import { type Pace, paceOf, watchTopic } from './topic-progress.ts'

/** What a run of an engine came to. */
export interface CopyRun extends Pace {
  /** Of the engine alone, its start included. */
  readonly recordsPerCpuSecond: number
  readonly peakMib: number
}

/** How a copy is made. */
export type CopyPlan = Pick<CopySettings, 'input' | 'work' | 'delivery' | 'commitIntervalMs'>

const copyTimeoutMs = 600_000

/** Runs on one broker, each with an output of its own, and in a process of its own. */
export class KafkaRuns {
  readonly #server: KafkaServer

  constructor(server: KafkaServer) {
    this.#server = server
  }

  /** Makes a topic of bids. */
  async fillTopic(settings: Omit<FillSettings, 'brokers' | 'topic' | 'folder'>): Promise<string> {
    await using scratch = await scratchFolder('kafka')
    const topic = uniqueName('input')
    await this.#server.createTopic(topic, { partitions: settings.partitions })
    const folder = scratch.path
    const filling: FillSettings = { brokers: this.#brokers, topic, folder, ...settings }
    await measureBuilt(processFile('fill.ts'), [JSON.stringify(filling)])
    return topic
  }

  /**
   * Copies all of a topic, and counts the copies.
   *
   * @throws Error if a record is lost, wrong or there twice.
   */
  copy(engine: Engine, plan: CopyPlan, records: number): Promise<CopyRun> {
    return this.#whileCopying(engine, plan, async ({ process, output }) => {
      const seen = await watchTopic(this.#server.bootstrap, output, {
        records,
        startedMs: process.startedMs,
        timeoutMs: copyTimeoutMs,
        alive: () => process.alive,
      })
      const cpuSeconds = process.cpuSeconds()
      const peakMib = process.peakMib()
      await process.stop()
      await this.#expectExact({ topic: output, records, work: plan.work })
      return { ...paceOf(seen, records), recordsPerCpuSecond: records / cpuSeconds, peakMib }
    })
  }

  /** How long records take through an engine that has nothing else to do. */
  async latency(
    engine: Engine,
    plan: Omit<CopyPlan, 'input'>,
    load: Pick<LatencySettings, 'recordsPerSecond' | 'seconds' | 'skippedSeconds'>,
  ): Promise<LatencyRun> {
    const input = await this.#emptyTopic()
    try {
      return await this.#whileCopying(engine, { ...plan, input }, ({ output }) => {
        const measured: LatencySettings = { brokers: this.#brokers, input, output, ...load }
        return measureBuilt<LatencyRun>(processFile('latency.ts'), [JSON.stringify(measured)])
      })
    } finally {
      await this.#server.deleteTopic(input)
    }
  }

  /** The most memory, in MiB, of a process that reads a topic into a sink that stalls. */
  async memoryMib(topic: string, seconds: number): Promise<number> {
    await using scratch = await scratchFolder('kafka')
    const settings = { brokers: this.#brokers, topic, folder: scratch.path }
    const log = path.join(scratch.path, 'output.log')
    const stalled = new MeasuredProcess(nodeCommand('stalled-copy.ts', settings), log)
    await delay(1000 * seconds)
    const peakMib = stalled.peakMib()
    const { alive } = stalled
    await stalled.kill()
    const said = readFileSync(log, 'utf8')
    if (!alive || !said.includes('stalled')) throw new Error(`the source did not stall:\n${said}`)
    return peakMib
  }

  get #brokers(): string {
    return this.#server.bootstrap.join(',')
  }

  /** Copies into a topic of its own, until what is to be done meanwhile is done. */
  async #whileCopying<T>(
    engine: Engine,
    plan: CopyPlan,
    work: (copying: Copying) => Promise<T>,
  ): Promise<T> {
    await using scratch = await scratchFolder('kafka')
    const output = await this.#emptyTopic()
    const folder = path.join(scratch.path, 'checkpoints')
    const log = path.join(scratch.path, 'output.log')
    const name = uniqueName('copy')
    const command = engine({ ...plan, brokers: this.#brokers, output, folder, name })
    const process = new MeasuredProcess(command, log)
    try {
      return await work({ process, output })
    } catch (cause) {
      const said = readFileSync(log, 'utf8').slice(-shownCharacters)
      throw new Error(`a copy failed; its process said:\n${said}`, { cause })
    } finally {
      await process.kill()
      await this.#server.deleteTopic(output)
    }
  }

  async #emptyTopic(): Promise<string> {
    const topic = uniqueName('copies')
    await this.#server.createTopic(topic)
    return topic
  }

  async #expectExact(copy: Omit<CountSettings, 'brokers' | 'folder'>): Promise<void> {
    await using scratch = await scratchFolder('kafka')
    const settings: CountSettings = { ...copy, brokers: this.#brokers, folder: scratch.path }
    const args = [JSON.stringify(settings)]
    const found = await measureBuilt<CopyCount>(processFile('count-copies.ts'), args)
    if (found.lost + found.duplicated + found.wrong > 0) {
      throw new Error(`the copy is not exact: ${JSON.stringify(found)}`)
    }
  }
}

interface Copying {
  readonly process: MeasuredProcess
  /** The topic that it writes. */
  readonly output: string
}

/** Of the end of what a process printed. */
const shownCharacters = 4000
