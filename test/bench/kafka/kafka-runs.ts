import { readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type KafkaServer, uniqueName } from '@flinkts/test-services'
import { MeasuredProcess } from '../measured-process.ts'
import { measureBuilt } from '../node-process.ts'
import { scratchFolder } from '../scratch.ts'
import type { CopySettings } from './copy-settings.ts'
import type { CopyCount, CountSettings } from './processes/count-copies.ts'
import { type Engine, nodeCommand } from './engines.ts'
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
  async fillTopic(settings: Omit<FillSettings, 'brokers' | 'topic'>): Promise<string> {
    const topic = uniqueName('input')
    await this.#server.createTopic(topic, { partitions: settings.partitions })
    const filling: FillSettings = { brokers: this.#brokers, topic, ...settings }
    await measureBuilt(moduleFile('fill.ts'), [JSON.stringify(filling)])
    return topic
  }

  /**
   * Copies all of a topic, and counts the copies.
   *
   * @throws Error if a record is lost, wrong or there twice.
   */
  async copy(engine: Engine, plan: CopyPlan, records: number): Promise<CopyRun> {
    await using scratch = await scratchFolder('kafka')
    const output = await this.#emptyTopic()
    const copying = start(engine, this.#settings(plan, output, scratch.path))
    try {
      const seen = await watchTopic(this.#server.bootstrap, output, {
        records,
        startedMs: copying.process.startedMs,
        timeoutMs: copyTimeoutMs,
        alive: () => copying.process.alive,
      })
      const cpuSeconds = copying.process.cpuSeconds()
      const peakMib = copying.process.peakMib()
      await copying.process.stop()
      await this.#expectExact({ brokers: this.#brokers, topic: output, records, work: plan.work })
      return { ...paceOf(seen, records), recordsPerCpuSecond: records / cpuSeconds, peakMib }
    } catch (cause) {
      throw new Error(`a copy failed; its process said:\n${copying.output()}`, { cause })
    } finally {
      await copying.process.kill()
      await this.#server.deleteTopic(output)
    }
  }

  /** How long records take through an engine that has nothing else to do. */
  async latency(
    engine: Engine,
    plan: Omit<CopyPlan, 'input'>,
    load: Pick<LatencySettings, 'recordsPerSecond' | 'seconds' | 'skippedSeconds'>,
  ): Promise<LatencyRun> {
    await using scratch = await scratchFolder('kafka')
    const [input, output] = [await this.#emptyTopic(), await this.#emptyTopic()]
    const settings = this.#settings({ ...plan, input }, output, scratch.path)
    const copying = start(engine, settings)
    try {
      const measured: LatencySettings = { brokers: this.#brokers, input, output, ...load }
      return await measureBuilt(moduleFile('latency.ts'), [JSON.stringify(measured)])
    } catch (cause) {
      throw new Error(`a copy failed; its process said:\n${copying.output()}`, { cause })
    } finally {
      await copying.process.kill()
      await this.#server.deleteTopic(input)
      await this.#server.deleteTopic(output)
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

  #settings(plan: CopyPlan, output: string, folder: string): CopySettings {
    const checkpoints = path.join(folder, 'checkpoints')
    return {
      ...plan,
      brokers: this.#brokers,
      output,
      folder: checkpoints,
      name: uniqueName('copy'),
    }
  }

  async #emptyTopic(): Promise<string> {
    const topic = uniqueName('copies')
    await this.#server.createTopic(topic)
    return topic
  }

  async #expectExact(settings: CountSettings): Promise<void> {
    const args = [JSON.stringify(settings)]
    const found = await measureBuilt<CopyCount>(moduleFile('count-copies.ts'), args)
    if (found.lost + found.duplicated + found.wrong > 0) {
      throw new Error(`the copy is not exact: ${JSON.stringify(found)}`)
    }
  }
}

interface Copying {
  readonly process: MeasuredProcess
  /** The end of what it printed. */
  output(): string
}

const shownCharacters = 4000

function start(engine: Engine, settings: CopySettings): Copying {
  const log = `${settings.folder}.log`
  return {
    process: new MeasuredProcess(engine(settings), log),
    output: () => readFileSync(log, 'utf8').slice(-shownCharacters),
  }
}

function moduleFile(name: string): string {
  return fileURLToPath(new URL(`processes/${name}`, import.meta.url))
}
