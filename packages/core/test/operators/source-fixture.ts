import { assert } from '../../src/common/assert.ts'
import { MetricRegistry } from '../../src/common/metric-registry.ts'
import { metricGroup } from '../../src/common/metrics.ts'
import type { Serializer } from '../../src/common/serializer.ts'
import type { InputStatus, SourceOutput, SourceReader } from '../../src/connector/source-reader.ts'
import type { Source } from '../../src/connector/source.ts'
import type { SourceSplit } from '../../src/connector/source-split.ts'
import { FlowControl } from '../../src/network/flow-control.ts'
import { SourceOperator } from '../../src/operators/source.ts'
import type { StateItem } from '../../src/state/operator-state.ts'
import type { WatermarkSettings, WatermarkStrategy } from '../../src/time/watermark-strategy.ts'
import { ManualScheduler } from '../../src/testing/manual-scheduler.ts'
import { contextOf, RecordingOutput } from './fixtures.ts'

export interface TestSplit extends SourceSplit {
  readonly position: number
}

const serializer: Serializer<TestSplit> = {
  version: 3,
  serialize: (split) => new TextEncoder().encode(JSON.stringify(split)),
  deserialize: (_version, bytes) => JSON.parse(new TextDecoder().decode(bytes)) as TestSplit,
}

export function itemsOf(...splitIds: readonly string[]): StateItem[] {
  return splitIds.map((splitId) => ({
    version: 3,
    bytes: serializer.serialize({ splitId, position: 0 }),
  }))
}

/** What a poll of the reader does. */
export type Poll = (output: SourceOutput<unknown>) => InputStatus

/** A reader whose polls the test writes, and that writes down what it is told. */
export class ScriptedReader implements SourceReader<unknown, TestSplit> {
  readonly calls: string[] = []
  poll: Poll = () => 'nothing-available'
  splits: TestSplit[] = []
  /** Absent: it cannot pause a split. */
  pauseOrResumeSplits?: (pause: readonly string[], resume: readonly string[]) => void

  start(): void {
    this.calls.push('start')
  }

  pollNext(output: SourceOutput<unknown>): InputStatus {
    return this.poll(output)
  }

  available(): Promise<void> {
    return Promise.resolve()
  }

  addSplits(splits: readonly TestSplit[]): void {
    this.calls.push(`add ${splits.map(({ splitId }) => splitId).join(',')}`)
    this.splits.push(...splits)
  }

  notifyNoMoreSplits(): void {
    this.calls.push('no more')
  }

  snapshotState(checkpointId: number): readonly TestSplit[] {
    this.calls.push(`snapshot ${checkpointId}`)
    return this.splits
  }

  close(): Promise<void> {
    this.calls.push('close')
    return Promise.resolve()
  }
}

/** A source operator with its reader; what it wants to be run on the task runs at once. */
export interface SourceFixture {
  readonly operator: SourceOperator
  readonly reader: ScriptedReader
  readonly output: RecordingOutput
  /** What was emitted to the side output `side`. */
  readonly side: RecordingOutput
  readonly flow: FlowControl
  readonly metrics: MetricRegistry
  readonly scheduler: ManualScheduler
  /** What the operator wants to be run between records; runs at once while the chain is free. */
  readonly actions: (() => void)[]
  /** What it told its alignment group. */
  readonly reports: number[]
}

export function createSource(
  parts: {
    readonly restored?: readonly StateItem[]
    readonly watermarks?: WatermarkStrategy<never>
    readonly boundedness?: 'bounded' | 'continuous-unbounded'
    /** The reader can pause single splits, and writes it down. */
    readonly pauses?: boolean
  } = {},
): SourceFixture {
  const { restored = [], watermarks, boundedness = 'bounded' } = parts
  const reader = new ScriptedReader()
  if (parts.pauses === true) {
    reader.pauseOrResumeSplits = (pause, resume) => {
      reader.calls.push(...pause.map((id) => `pause ${id}`), ...resume.map((id) => `resume ${id}`))
    }
  }
  const source: Source<unknown, TestSplit, undefined> = {
    description: 'script',
    boundedness,
    replayable: true,
    mechanism: 'none',
    splitSerializer: serializer,
    enumeratorStateSerializer: {
      version: 1,
      serialize: () => new Uint8Array(),
      deserialize: () => undefined,
    },
    createEnumerator: () => {
      throw new Error('no enumerator is needed')
    },
    createReader: () => reader,
  }
  const metrics = new MetricRegistry()
  const scheduler = new ManualScheduler()
  const output = new RecordingOutput()
  const side = new RecordingOutput()
  const flow = new FlowControl()
  const actions: (() => void)[] = []
  const reports: number[] = []
  const runActions = (): void => {
    while (actions.length > 0 && !flow.halted) actions.shift()?.()
  }
  flow.onRelease = runActions
  const operator = new SourceOperator('orders', {
    source,
    context: {
      ...contextOf('orders', scheduler),
      metrics: metricGroup(metrics, { operatorId: 'orders', subtask: 0 }),
      requestSplit: () => {},
      sendSourceEvent: () => {},
    },
    restored,
    output,
    sideOutput: (tag) => {
      assert(tag === 'side', 'there is one side output')
      return side
    },
    flow,
    time: { watermarks: watermarks?.settings as WatermarkSettings | undefined, intervalMs: 200 },
    reportWatermark: (watermark) => void reports.push(watermark),
    runOnTask: (action) => {
      actions.push(action)
      runActions()
    },
  })
  return { operator, reader, output, side, flow, metrics, scheduler, actions, reports }
}
