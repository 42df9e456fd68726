import type { DataStream } from '../../../src/api/data-stream.ts'
import { defineJob } from '../../../src/api/define-job.ts'
import type { KeyedStream } from '../../../src/api/keyed-stream.ts'
import { defined } from '../../../src/common/assert.ts'
import { MetricRegistry } from '../../../src/common/metric-registry.ts'
import { metricGroup } from '../../../src/common/metrics.ts'
import { SeededPrng } from '../../../src/common/prng.ts'
import type { Storage } from '../../../src/common/storage.ts'
import { FlowControl } from '../../../src/network/flow-control.ts'
import { noTimestamp } from '../../../src/network/stream-element.ts'
import type { Operator } from '../../../src/operators/operator.ts'
import type { OperatorDefinition } from '../../../src/operators/operator-definition.ts'
import { type OutputTag, outputTag } from '../../../src/common/output-tag.ts'
import type { KeyedStateHandle } from '../../../src/state/operator-state.ts'
import { SimulatedStorage } from '../../../src/testing/simulated-storage.ts'
import { sinkOf, sourceOf } from '../../api/fixtures.ts'
import { ManualScheduler } from '../../../src/testing/manual-scheduler.ts'
import {
  barrierOf,
  operatorContextOf,
  RecordingOutput,
  type TestOperatorContext,
} from '../fixtures.ts'

/** A record of the tests. */
export interface Item {
  readonly key: string
  readonly value: number
}

export type Keyed = KeyedStream<Item, string, 'exactly-once'>
export type Windowing = (keyed: Keyed) => DataStream<unknown, 'exactly-once'>

export const late: OutputTag<Item> = outputTag<Item>('late')

/** The operator that `windowing` adds to a keyed stream. */
export function definitionOf(windowing: Windowing): OperatorDefinition {
  const { graph } = defineJob('windows', {}, (env) => {
    const keyed = env.source('items', sourceOf<Item>()).keyBy(({ key }) => key)
    windowing(keyed).sinkTo('results', sinkOf<unknown>())
  })
  const { operation } = defined(graph.nodes[1], 'the windows come after the source')
  if (operation.type === 'source' || operation.type === 'sink') throw new Error('no operator')
  return operation
}

/** Plays scripts to one operator, which it can replace by its restored self at any time. */
export class WindowRun {
  readonly flow: FlowControl = new FlowControl()
  readonly output: RecordingOutput = new RecordingOutput()
  readonly scheduler: ManualScheduler = new ManualScheduler()
  readonly #definition: OperatorDefinition
  readonly #storage: Storage = new SimulatedStorage(new SeededPrng(1)).open()
  readonly #metrics = new MetricRegistry()
  #operator: Operator
  #context: TestOperatorContext
  #checkpointId = 0

  constructor(windowing: Windowing) {
    this.scheduler.pass(-this.scheduler.now())
    this.#definition = definitionOf(windowing)
    this.#context = this.#contextOf([])
    this.#operator = this.#definition.create(this.#context) as Operator
  }

  get operator(): Operator {
    return this.#operator
  }

  push(item: Item, timestamp: number = noTimestamp): void {
    this.#operator.collect(item, timestamp)
  }

  watermark(timestamp: number): void {
    this.#operator.emitWatermark(timestamp)
  }

  /** Lets the clock reach `ms`, and runs what is due. */
  async processingTime(ms: number): Promise<void> {
    await this.scheduler.advance(ms - this.scheduler.now())
    while (this.#context.actions.length > 0) {
      this.#context.actions.shift()?.()
      await this.scheduler.settle()
    }
  }

  /** Goes on with a new operator on the state of this one. */
  async restore(): Promise<void> {
    this.#checkpointId += 1
    const snapshot = this.#operator.snapshot?.(barrierOf(this.#checkpointId))
    const { keyed } = await defined(snapshot, 'windows have state').state
    const sides = this.#context.sides
    this.#operator.endInput?.()
    this.#context = this.#contextOf(keyed === undefined ? [] : [keyed])
    for (const [tag, side] of sides) this.#context.sides.set(tag, side)
    this.#operator = this.#definition.create(this.#context) as Operator
    await this.#operator.open?.()
  }

  /** What a metric of the operator is now. */
  metric(name: string): number | undefined {
    return this.#metrics.collect().values.find((metric) => metric.name === name)?.value
  }

  get entryCount(): number {
    return this.#context.backend.entryCount
  }

  /** What came out since the last call, each as `result@timestamp`, watermarks and late records. */
  take(): string[] {
    const { emitted, timestamps } = this.output
    const taken = emitted.splice(0).map((value) => {
      if (typeof value === 'string' && value.startsWith('watermark ')) {
        return value.replace('watermark', 'WM')
      }
      const timestamp = timestamps.shift() ?? 0
      return `${textOf(value)}@${timestamp === Infinity ? 'MAX' : timestamp}`
    })
    const side = this.#context.sides.get(late.id)
    const lates = (side?.emitted.splice(0) ?? []).map(
      (value) => `late:${textOf(value)}@${side?.timestamps.shift()}`,
    )
    return [...taken, ...lates]
  }

  #contextOf(restored: readonly KeyedStateHandle[]): TestOperatorContext {
    const { flow, output, scheduler } = this
    const parts = { flow, output, scheduler, storage: this.#storage, restored }
    const context = operatorContextOf('windows', parts)
    const metrics = metricGroup(this.#metrics, { operatorId: 'windows', subtask: 0 })
    return { ...context, subtask: { ...context.subtask, metrics } }
  }
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  const { key, value: number } = value as Item
  return `${key}:${number}`
}

const stepForm = /^(?<input>.*?)(?: -> (?<output>.*))?$/
const itemForm = /^(?<key>k\d)(?::(?<value>-?\d+))?(?:@(?<at>-?\d+))?(?:\*(?<times>\d+))?$/

/**
 * Plays one step a line: records (`k1:5@300`, value 1 if left out, `*3` for three of them), `WM
 * 999`, `PT 5000` (the clock) or `restore`; after ` -> ` what comes out, in any order, then the
 * watermark. @returns the steps that went otherwise.
 */
export async function play(
  run: WindowRun,
  script: string,
  options: { readonly restoreAlways: boolean },
): Promise<string[]> {
  const wrong: string[] = []
  for (const line of script.split('\n').map((text) => text.trim())) {
    if (line === '') continue
    const { input = '', output = '' } = stepForm.exec(line)?.groups ?? {}
    const actual = outcome(await playStep(run, input, options.restoreAlways))
    const watermark = input.startsWith('WM ') ? [input.replace('MAX', 'Infinity')] : []
    const expected = outcome([...output.split(' ').filter((text) => text !== ''), ...watermark])
    if (actual !== expected) wrong.push(`${line} GOT ${actual}`)
  }
  return wrong
}

/** Records in an order of their own, and then the watermark if it came last. */
function outcome(elements: readonly string[]): string {
  const last = elements.at(-1)?.startsWith('WM ') === true ? elements.slice(-1) : []
  const records = elements.slice(0, elements.length - last.length)
  return [...records.toSorted(), ...last].join(' ')
}

async function playStep(run: WindowRun, input: string, restoreAlways: boolean): Promise<string[]> {
  const [word = '', argument = ''] = input.split(' ')
  if (word === 'WM') run.watermark(argument === 'MAX' ? Infinity : Number(argument))
  else if (word === 'PT') await run.processingTime(Number(argument))
  else if (word === 'restore') await run.restore()
  else await pushAll(run, input, restoreAlways)
  if (restoreAlways) await run.restore()
  return run.take()
}

async function pushAll(run: WindowRun, input: string, restoreAlways: boolean): Promise<void> {
  for (const text of input.split(' ')) {
    const { key, value = '1', at, times = '1' } = itemForm.exec(text)?.groups ?? {}
    if (key === undefined) throw new Error(`"${text}" is no record`)
    for (let count = 0; count < Number(times); count += 1) {
      run.push({ key, value: Number(value) }, at === undefined ? noTimestamp : Number(at))
      if (restoreAlways) await run.restore()
    }
  }
}
