import { describe, expect, test } from 'vitest'
import { MetricRegistry } from '../../src/common/metric-registry.ts'
import { metricGroup } from '../../src/common/metrics.ts'
import type { Serializer } from '../../src/common/serializer.ts'
import type { InputStatus, SourceOutput, SourceReader } from '../../src/connector/source-reader.ts'
import type { Source } from '../../src/connector/source.ts'
import type { SourceSplit } from '../../src/connector/source-split.ts'
import { FlowControl } from '../../src/network/flow-control.ts'
import type { StateItem } from '../../src/state/operator-state.ts'
import { SourceOperator } from '../../src/operators/source.ts'
import { barrierOf, contextOf, RecordingOutput } from './fixtures.ts'

interface TestSplit extends SourceSplit {
  readonly position: number
}

const serializer: Serializer<TestSplit> = {
  version: 3,
  serialize: (split) => new TextEncoder().encode(JSON.stringify(split)),
  deserialize: (_version, bytes) => JSON.parse(new TextDecoder().decode(bytes)) as TestSplit,
}

function itemsOf(...splitIds: readonly string[]): StateItem[] {
  return splitIds.map((splitId) => ({
    version: 3,
    bytes: serializer.serialize({ splitId, position: 0 }),
  }))
}

type Poll = (output: SourceOutput<unknown>) => InputStatus

class ScriptedReader implements SourceReader<unknown, TestSplit> {
  readonly calls: string[] = []
  poll: Poll = () => 'nothing-available'
  splits: TestSplit[] = []

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

function createOperator(restored: readonly StateItem[] = []): {
  operator: SourceOperator
  reader: ScriptedReader
  output: RecordingOutput
  flow: FlowControl
  metrics: MetricRegistry
} {
  const reader = new ScriptedReader()
  const source: Source<unknown, TestSplit, undefined> = {
    description: 'script',
    boundedness: 'bounded',
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
  const output = new RecordingOutput()
  const flow = new FlowControl()
  const operator = new SourceOperator('orders', {
    source,
    context: {
      ...contextOf('orders'),
      metrics: metricGroup(metrics, { operatorId: 'orders', subtask: 0 }),
      requestSplit: () => {},
      sendSourceEvent: () => {},
    },
    restored,
    output,
    flow,
  })
  return { operator, reader, output, flow, metrics }
}

function emit(values: readonly string[], splitId = 'a'): Poll {
  return (output) => {
    for (const value of values) output.forSplit(splitId).collect(value, 1)
    return 'more-available'
  }
}

describe('the operator of a source', () => {
  test('gives restored splits to the reader before it starts', () => {
    const { operator, reader } = createOperator(itemsOf('a', 'b'))

    operator.open()

    expect(reader.calls).toEqual(['add a,b', 'start'])
  })

  test('adds no splits to the reader of a first start', () => {
    const { operator, reader } = createOperator()

    operator.open()

    expect(reader.calls).toEqual(['start'])
  })

  test('counts the records of a poll', () => {
    const { operator, reader, metrics } = createOperator()
    operator.open()
    reader.poll = emit(['x', 'y'])

    const polled = operator.poll(10)

    expect(polled).toEqual({ status: 'more-available', records: 2 })
    expect(metrics.collect().values).toEqual([
      { operatorId: 'orders', subtask: 0, name: 'recordsRead', value: 2 },
    ])
  })

  test('tells the reader to return when its records are used up, or the chain halts', () => {
    const { operator, reader, output, flow } = createOperator()
    operator.open()
    const answers: boolean[] = []
    reader.poll = (to) => {
      for (const value of ['x', 'y']) answers.push(to.forSplit('a').collect(value))
      return 'more-available'
    }

    operator.poll(2)
    output.onRecord = () => flow.channelFull(true)
    operator.poll(10)

    expect(answers).toEqual([true, false, false, false])
  })

  test('keeps what a reader emits into a halted chain until it goes on', () => {
    const { operator, reader, output, flow } = createOperator()
    operator.open()
    output.onRecord = (value) => {
      if (value === 'x') flow.channelFull(true)
    }
    reader.poll = emit(['x', 'y', 'z'])

    operator.poll(10)
    const halted = [...output.emitted]
    const barrierMayPass = !flow.unfinished
    flow.channelFull(false)
    flow.resume()

    expect(halted).toEqual(['x'])
    expect(barrierMayPass).toBe(false)
    expect(output.emitted).toEqual(['x', 'y', 'z'])
  })

  test('emits a record without a timestamp as such', () => {
    const { operator, reader, output } = createOperator()
    operator.open()
    reader.poll = (to) => {
      to.forSplit('a').collect('x')
      return 'nothing-available'
    }

    operator.poll(10)

    expect(output.timestamps).toEqual([-Infinity])
  })

  test('stores the splits of the reader as of the barrier', async () => {
    const { operator, reader } = createOperator(itemsOf('a'))
    operator.open()

    const snapshot = operator.snapshot(barrierOf(4))
    reader.splits = []

    expect(snapshot.failure).toBe('fail-task')
    expect(await snapshot.state).toEqual({
      operatorId: 'orders',
      subtask: 0,
      splits: itemsOf('a'),
      writerStates: [],
      committables: [],
      keyed: undefined,
    })
    expect(reader.calls).toContain('snapshot 4')
  })

  test('can be closed before it was opened', async () => {
    const { operator, reader } = createOperator()

    await operator.close()

    expect(reader.calls).toEqual([])
  })
})

describe('the watermark of a source', () => {
  test('is held back by a split that has not emitted yet', () => {
    const { operator, reader, output } = createOperator(itemsOf('a', 'b'))
    operator.open()
    reader.poll = (to) => {
      to.forSplit('a').emitWatermark(10)
      return 'nothing-available'
    }

    operator.poll(10)
    const heldBack = [...output.emitted]
    reader.poll = (to) => {
      to.releaseSplit('b')
      return 'nothing-available'
    }
    operator.poll(10)

    expect(heldBack).toEqual([])
    expect(output.emitted).toEqual(['watermark 10'])
  })

  test('never overtakes a record that is suspended in the chain', () => {
    const { operator, reader, output, flow } = createOperator()
    operator.open()
    reader.poll = (to) => {
      flow.suspend({ resume: () => output.collect('late', 1) })
      to.forSplit('a').emitWatermark(10)
      return 'nothing-available'
    }

    operator.poll(10)
    const suspended = [...output.emitted]
    reader.poll = () => 'nothing-available'
    flow.resume()
    operator.poll(10)

    expect(suspended).toEqual([])
    expect(output.emitted).toEqual(['late', 'watermark 10'])
  })

  test('never overtakes a record that a sink is still writing', () => {
    const { operator, reader, output, flow } = createOperator()
    operator.open()
    reader.poll = (to) => {
      to.forSplit('a').collect('x', 1)
      flow.waitFor(Promise.withResolvers<void>().promise)
      to.forSplit('a').emitWatermark(10)
      return 'nothing-available'
    }

    operator.poll(10)

    expect(output.emitted).toEqual(['x'])
  })

  test('goes out before the source turns idle, and after it turned active', () => {
    const { operator, reader, output, flow } = createOperator()
    operator.open()
    reader.poll = (to) => {
      // Told late, and at once: the chain was not done.
      flow.suspend({ resume: () => {} })
      to.forSplit('a').emitWatermark(10)
      to.forSplit('a').markIdle()
      return 'nothing-available'
    }

    operator.poll(10)
    flow.resume()
    reader.poll = (to) => {
      to.forSplit('a').emitWatermark(20)
      return 'nothing-available'
    }
    operator.poll(10)

    expect(output.emitted).toEqual(['watermark 10', 'idle', 'active', 'watermark 20'])
  })

  test('reaches the end of time when the input ends, also from an idle source', () => {
    const { operator, reader, output } = createOperator()
    operator.open()
    reader.poll = (to) => {
      to.forSplit('a').markIdle()
      return 'end-of-input'
    }
    operator.poll(10)

    operator.endInput()

    expect(output.emitted).toEqual(['idle', 'active', 'watermark Infinity'])
  })

  test('is the same object for a split until it is released', () => {
    const { operator } = createOperator()
    operator.open()

    const first = operator.forSplit('a')
    const again = operator.forSplit('a')
    operator.releaseSplit('a')

    expect(again).toBe(first)
    expect(operator.forSplit('a')).not.toBe(first)
  })
})
