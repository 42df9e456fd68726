import { describe, expect, test } from 'vitest'
import { FlowControl } from '../../src/network/flow-control.ts'
import { emitAll } from '../../src/operators/emission.ts'
import { FilterOperator, FlatMapOperator, MapOperator } from '../../src/operators/stateless.ts'
import { operatorContextOf, RecordingOutput } from './fixtures.ts'

/** A flow whose output turns full after each `recordsMax` records, until `release`. */
function slowOutput(recordsMax: number): {
  flow: FlowControl
  output: RecordingOutput
  release: () => void
} {
  const flow = new FlowControl()
  const output = new RecordingOutput()
  let count = 0
  output.onRecord = () => {
    count += 1
    if (count % recordsMax === 0) flow.channelFull(true)
  }
  const release = (): void => {
    if (flow.blocked) flow.channelFull(false)
    flow.resume()
  }
  return { flow, output, release }
}

function numbersFrom(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index)
}

describe('an emission of many values', () => {
  test('pauses a generator in its middle while an output is full', () => {
    const { flow, output, release } = slowOutput(2)
    let yielded = 0
    function* endless(): Generator<number> {
      for (;;) yield (yielded += 1)
    }

    emitAll({ operatorId: 'endless', output, flow }, endless(), 'record', 7)
    const paused = { yielded, emitted: [...output.emitted], unfinished: flow.unfinished }
    release()

    expect(paused).toEqual({ yielded: 2, emitted: [1, 2], unfinished: true })
    expect(output.emitted).toEqual([1, 2, 3, 4])
    expect(output.timestamps).toEqual([7, 7, 7, 7])
  })

  test('pauses an array in its middle, and goes on where it was', () => {
    const { flow, output, release } = slowOutput(3)

    emitAll({ operatorId: 'array', output, flow }, numbersFrom(0, 7), 'record', 7)
    const first = [...output.emitted]
    release()
    release()

    expect(first).toEqual([0, 1, 2])
    expect(output.emitted).toEqual(numbersFrom(0, 7))
    expect(flow.unfinished).toBe(false)
  })

  test.each([
    ['an array', numbersFrom(0, 3000)],
    ['a generator', new Set(numbersFrom(0, 3000)).values()],
  ])('gives others their turn within %s that fits', (_kind, values) => {
    const flow = new FlowControl()
    const output = new RecordingOutput()

    emitAll({ operatorId: 'long', output, flow }, values, 'record', 7)
    const first = output.emitted.length
    flow.resume()
    flow.resume()

    expect(first).toBe(1024)
    expect(output.emitted).toEqual(numbersFrom(0, 3000))
    expect(flow.unfinished).toBe(false)
  })

  test('does not suspend what ends together with the last free place', () => {
    const { flow, output } = slowOutput(2)

    emitAll({ operatorId: 'array', output, flow }, [1, 2], 'record', 7)

    expect(flow.unfinished).toBe(false)
    expect(output.emitted).toEqual([1, 2])
  })

  test('keeps the order through nested emissions that pause everywhere', () => {
    for (let recordsMax = 1; recordsMax <= 9; recordsMax += 1) {
      const { flow, output, release } = slowOutput(recordsMax)
      const triple = (value: unknown): readonly string[] => {
        return [1, 2, 3].map((n) => `${String(value)}.${n}`)
      }
      function* lazyTriple(value: unknown): Generator<string> {
        yield* triple(value)
      }
      const inner = new FlatMapOperator(lazyTriple, operatorContextOf('inner', { output, flow }))
      const middle = new FlatMapOperator(
        triple,
        operatorContextOf('middle', { output: inner, flow }),
      )
      const outer = new FlatMapOperator(
        lazyTriple,
        operatorContextOf('outer', { output: middle, flow }),
      )

      outer.collect('r', 7)
      while (flow.unfinished || flow.blocked) release()

      expect(output.emitted).toEqual(triple('r').flatMap(triple).flatMap(triple))
    }
  })

  test('keeps the order in every branch of a chain that splits', () => {
    const { flow, output, release } = slowOutput(1)
    const left = new FlatMapOperator(
      (value) => [`l${String(value)}`, `L${String(value)}`],
      operatorContextOf('left', { output, flow }),
    )
    const right = new FlatMapOperator(
      (value) => [`r${String(value)}`],
      operatorContextOf('right', { output, flow }),
    )
    const both = {
      collect: (value: unknown, timestamp: number) => {
        left.collect(value, timestamp)
        right.collect(value, timestamp)
      },
      emitWatermark: () => {},
      emitIdle: () => {},
    }
    const root = new FlatMapOperator(
      () => [1, 2],
      operatorContextOf('root', { output: both, flow }),
    )

    root.collect('record', 7)
    while (flow.unfinished || flow.blocked) release()

    const ofBranch = (names: string): unknown[] =>
      output.emitted.filter((value) => names.includes(String(value)[0] ?? ''))
    expect(ofBranch('lL')).toEqual(['l1', 'L1', 'l2', 'L2'])
    expect(ofBranch('r')).toEqual(['r1', 'r2'])
  })

  test('restores the context of its record before it goes on', () => {
    const { flow, output, release } = slowOutput(1)
    let context = 'a'
    const captureContext = (): (() => void) => {
      const captured = context
      return () => {
        context = captured
      }
    }
    function* contexts(): Generator<string> {
      for (let count = 0; count < 3; count += 1) yield context
    }

    emitAll({ operatorId: 'keyed', output, flow, captureContext }, contexts(), 'record', 7)
    context = 'b'
    release()
    context = 'c'
    release()

    expect(output.emitted).toEqual(['a', 'a', 'a'])
  })

  test('names the operator and the record when a generator throws in its middle', () => {
    const { flow, output, release } = slowOutput(1)
    function* failing(): Generator<number> {
      yield 1
      throw new Error('no more')
    }

    emitAll({ operatorId: 'failing', output, flow }, failing(), { id: 42 }, 7)

    expect(release).toThrow(
      expect.objectContaining({
        code: 'FLINKTS_USER_FUNCTION_FAILED',
        message: 'the function of operator "failing" threw "no more" for the record {"id":42}',
      }),
    )
  })
})

describe('a stateless operator', () => {
  const flow = new FlowControl()
  const thrower = (): never => {
    throw new Error('boom')
  }

  test('maps, filters and multiplies records with their timestamps', () => {
    const output = new RecordingOutput()
    const flatMap = new FlatMapOperator(
      (value) => [value, value],
      operatorContextOf('twice', { output, flow }),
    )
    const filter = new FilterOperator(
      (value) => Number(value) % 2 === 1,
      operatorContextOf('odd', { output: flatMap }),
    )
    const map = new MapOperator(
      (value) => Number(value) + 1,
      operatorContextOf('increment', { output: filter }),
    )

    for (const value of [0, 1, 2]) map.collect(value, value * 10)

    expect(output.emitted).toEqual([1, 1, 3, 3])
    expect(output.timestamps).toEqual([0, 0, 20, 20])
  })

  test('passes watermarks and idleness on', () => {
    const output = new RecordingOutput()
    const flatMap = new FlatMapOperator(
      (value) => [value, value],
      operatorContextOf('twice', { output, flow }),
    )
    const filter = new FilterOperator(() => true, operatorContextOf('odd', { output: flatMap }))
    const map = new MapOperator(
      (value) => value,
      operatorContextOf('increment', { output: filter }),
    )

    map.emitWatermark(5)
    map.emitIdle(true)

    expect(output.emitted).toEqual(['watermark 5', 'idle'])
  })

  test.each([
    ['map', new MapOperator(thrower, operatorContextOf('op'))],
    ['filter', new FilterOperator(thrower, operatorContextOf('op'))],
    ['flat map', new FlatMapOperator(thrower, operatorContextOf('op', { flow }))],
    [
      'flat map that returns nothing to iterate over',
      new FlatMapOperator(
        () => JSON.parse('5') as Iterable<unknown>,
        operatorContextOf('op', { flow }),
      ),
    ],
  ])('names itself and the record when its function fails: %s', (_kind, operator) => {
    const collect = (): void => operator.collect({ id: 1n }, 7)

    expect(collect).toThrow(
      expect.objectContaining({
        code: 'FLINKTS_USER_FUNCTION_FAILED',
        message: expect.stringMatching(/^the function of operator "op" .*\{"id":"1n"\}$/) as string,
      }),
    )
  })
})
