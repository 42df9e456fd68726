import { describe, expect, test } from 'vitest'
import { outputTag } from '../../src/common/output-tag.ts'
import { barrierOf } from './fixtures.ts'
import { createSource, itemsOf, type Poll } from './source-fixture.ts'

function emit(values: readonly string[], splitId = 'a'): Poll {
  return (output) => {
    for (const value of values) output.forSplit(splitId).collect(value, 1)
    return 'more-available'
  }
}

describe('the operator of a source', () => {
  test('gives restored splits to the reader before it starts', () => {
    const { operator, reader } = createSource({ restored: itemsOf('a', 'b') })

    operator.open()

    expect(reader.calls).toEqual(['add a,b', 'start'])
  })

  test('adds no splits to the reader of a first start', () => {
    const { operator, reader } = createSource()

    operator.open()

    expect(reader.calls).toEqual(['start'])
  })

  test('counts the records of a poll', () => {
    const { operator, reader, metrics } = createSource()
    operator.open()
    reader.poll = emit(['x', 'y'])

    const polled = operator.poll(10)

    expect(polled).toEqual({ status: 'more-available', records: 2 })
    expect(metrics.collect().values).toEqual([
      { operatorId: 'orders', subtask: 0, name: 'recordsRead', value: 2 },
    ])
  })

  test('tells the reader to return when its records are used up, or the chain halts', () => {
    const { operator, reader, output, flow } = createSource()
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
    const { operator, reader, output, flow } = createSource()
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
    const { operator, reader, output } = createSource()
    operator.open()
    reader.poll = (to) => {
      to.forSplit('a').collect('x')
      return 'nothing-available'
    }

    operator.poll(10)

    expect(output.timestamps).toEqual([-Infinity])
  })

  test('stores the splits of the reader as of the barrier', async () => {
    const { operator, reader } = createSource({ restored: itemsOf('a') })
    operator.open()

    const snapshot = operator.snapshot(barrierOf(4))
    reader.splits = []

    expect(snapshot.failure).toBe('fail-task')
    expect(await snapshot.state).toEqual({
      operatorId: 'orders',
      subtask: 0,
      lists: [{ name: 'splits', distribution: 'split', items: itemsOf('a') }],
      committables: [],
      keyed: undefined,
    })
    expect(reader.calls).toContain('snapshot 4')
  })

  test('can be closed before it was opened', async () => {
    const { operator, reader } = createSource()

    await operator.close()

    expect(reader.calls).toEqual([])
  })
})

describe('the watermark of a source', () => {
  test('is held back by a split that has not emitted yet', () => {
    const { operator, reader, output } = createSource({ restored: itemsOf('a', 'b') })
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
    const { operator, reader, output, flow } = createSource()
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

  test('of the main output is that of the side output, whose records count and wait alike', () => {
    const { operator, reader, output, side, flow } = createSource()
    operator.open()
    const more: boolean[] = []
    reader.poll = (to) => {
      const split = to.forSplit('a')
      more.push(split.collectSide(outputTag('side'), 'x', 1), split.collect('y', 2))
      flow.suspend({ resume: () => {} })
      more.push(split.collectSide(outputTag('side'), 'z', 3))
      return 'nothing-available'
    }

    const { records } = operator.poll(2)

    expect({ records, more, main: output.emitted, side: side.emitted }).toEqual({
      records: 3,
      more: [true, false, false],
      main: ['y'],
      side: ['x'],
    })
    flow.resume()
    expect(side.emitted).toEqual(['x', 'z'])
  })

  test('never overtakes a record that a sink is still writing', () => {
    const { operator, reader, output, flow } = createSource()
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
    const { operator, reader, output, flow } = createSource()
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
    const { operator, reader, output } = createSource()
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
    const { operator } = createSource()
    operator.open()

    const first = operator.forSplit('a')
    const again = operator.forSplit('a')
    operator.releaseSplit('a')

    expect(again).toBe(first)
    expect(operator.forSplit('a')).not.toBe(first)
  })
})
