import { describe, expect, test } from 'vitest'
import { FlowControl } from '../../src/network/flow-control.ts'
import type { CoProcess } from '../../src/operators/co-process-function.ts'
import { CoProcessOperator } from '../../src/operators/co-process.ts'
import { CoFlatMapOperator, CoMapOperator } from '../../src/operators/co-stateless.ts'
import type { TwoInputOperator } from '../../src/operators/operator.ts'
import { outputTag } from '../../src/common/output-tag.ts'
import { operatorContextOf, RecordingOutput, type TestOperatorContext } from './fixtures.ts'

function contextWith(output: RecordingOutput, flow = new FlowControl()): TestOperatorContext {
  return operatorContextOf('both', { output, flow })
}

function failing(): never {
  throw new Error('boom')
}

describe('a map of two inputs', () => {
  test('applies the function of each input', () => {
    const output = new RecordingOutput()
    const functions = { first: String, second: (value: unknown) => [value] }
    const { inputs } = new CoMapOperator(functions, contextWith(output))

    inputs[0].collect(1, 10)
    inputs[1].collect(2, 20)
    inputs[0].emitWatermark(5)
    inputs[1].emitWatermark(7)

    expect(output.emitted).toEqual(['1', [2], 'watermark 5'])
    expect(output.timestamps).toEqual([10, 20])
  })
})

describe('a flat map of two inputs', () => {
  test('emits in order, and pauses while the outputs are full', () => {
    const output = new RecordingOutput()
    const flow = new FlowControl()
    const functions = {
      first: (): string[] => [],
      *second(value: unknown): Generator<string> {
        yield `${String(value)}1`
        yield `${String(value)}2`
      },
    }
    const { inputs } = new CoFlatMapOperator(functions, contextWith(output, flow))
    output.onRecord = () => flow.channelFull(true)

    inputs[0].collect('none', 1)
    inputs[1].collect('a', 2)
    const halted = [...output.emitted]
    flow.channelFull(false)
    flow.resume()

    expect(halted).toEqual(['a1'])
    expect(output.emitted).toEqual(['a1', 'a2'])
    expect(output.timestamps).toEqual([2, 2])
  })
})

describe('a function of two inputs', () => {
  const rejected = outputTag<string>('rejected')

  const process: CoProcess<string, number, string> = {
    processFirst: (value, { timestamp, watermark }) => [`${value} at ${timestamp} ${watermark}`],
    processSecond: (value, context) => context.output(rejected, `${value} at ${context.timestamp}`),
  }

  test('sees the time of its records, and emits to side outputs', () => {
    const output = new RecordingOutput()
    const context = contextWith(output)
    const untyped = process as CoProcess<unknown, unknown, unknown>
    const { inputs } = new CoProcessOperator(untyped, context)

    inputs[0].collect('a', -Infinity)
    inputs[0].emitWatermark(5)
    inputs[1].emitWatermark(3)
    inputs[0].collect('b', 10)
    inputs[1].collect(7, 20)
    inputs[1].emitIdle(true)
    inputs[0].emitIdle(true)

    const seen = ['a at undefined -Infinity', 'watermark 3', 'b at 10 3', 'watermark 5', 'idle']
    expect(output.emitted).toEqual(seen)
    expect(context.sides.get('rejected')?.emitted).toEqual(['7 at 20'])
    expect(context.sides.get('rejected')?.timestamps).toEqual([20])
  })

  test('sees the clock of the machine', () => {
    const output = new RecordingOutput()
    const context = contextWith(output)
    const clocked: CoProcess<unknown, unknown, number> = {
      processFirst: (_value, { processingTime }) => [processingTime],
      processSecond: () => {},
    }
    const { inputs } = new CoProcessOperator(clocked, context)

    inputs[0].collect('a', 1)

    expect(output.emitted).toEqual([context.subtask.clock.now()])
  })
})

const failingOnes: readonly [string, (context: TestOperatorContext) => TwoInputOperator][] = [
  ['map', (context) => new CoMapOperator({ first: failing, second: failing }, context)],
  ['flat map', (context) => new CoFlatMapOperator({ first: failing, second: failing }, context)],
  [
    'function',
    (context) => new CoProcessOperator({ processFirst: failing, processSecond: failing }, context),
  ],
]

test.each(failingOnes)(
  'a %s of two inputs that throws names itself and the record',
  (_, create) => {
    const { inputs } = create(contextWith(new RecordingOutput()))

    for (const input of inputs) {
      const collect = (): void => input.collect({ id: 4 }, 1)
      expect(collect).toThrow(expect.objectContaining({ code: 'FLINKTS_USER_FUNCTION_FAILED' }))
      expect(collect).toThrow('operator "both" threw "boom" for the record {"id":4}')
    }
  },
)
