import { expect, describe, test } from 'vitest'
import type { Output } from '../../src/network/output.ts'
import { twoInputs } from '../../src/operators/two-inputs.ts'
import { RecordingOutput } from './fixtures.ts'

function inputsOf(): readonly [first: Output, second: Output, output: RecordingOutput] {
  const output = new RecordingOutput()
  const collectAs =
    (name: string) =>
    (value: unknown, timestamp: number): void =>
      output.collect(`${name} ${String(value)}`, timestamp)
  return [...twoInputs(collectAs('first'), collectAs('second'), output), output]
}

describe('two inputs', () => {
  test('keep their records apart', () => {
    const [first, second, output] = inputsOf()

    first.collect('a', 1)
    second.collect('b', 2)

    expect(output.emitted).toEqual(['first a', 'second b'])
    expect(output.timestamps).toEqual([1, 2])
  })

  test('have the smaller watermark of the two', () => {
    const [first, second, output] = inputsOf()

    first.emitWatermark(5)
    second.emitWatermark(3)
    second.emitWatermark(4)
    second.emitWatermark(9)

    expect(output.emitted).toEqual(['watermark 3', 'watermark 4', 'watermark 5'])
  })

  test('have the watermark of the other while one is idle, and are idle when both are', () => {
    const [first, second, output] = inputsOf()
    first.emitWatermark(5)

    second.emitIdle(true)
    first.emitWatermark(6)
    first.emitIdle(true)

    expect(output.emitted).toEqual(['watermark 5', 'watermark 6', 'idle'])
  })

  test('do not release the greater watermark when both turn idle', () => {
    const [first, second, output] = inputsOf()
    first.emitWatermark(5)
    second.emitWatermark(3)

    first.emitIdle(true)
    second.emitIdle(true)

    expect(output.emitted).toEqual(['watermark 3', 'idle'])
  })

  test('are active before the watermark that comes with it', () => {
    const [first, second, output] = inputsOf()
    first.emitWatermark(5)
    second.emitWatermark(3)
    first.emitIdle(true)
    second.emitIdle(true)
    output.emitted.length = 0

    first.emitIdle(false)

    expect(output.emitted).toEqual(['active', 'watermark 5'])
  })

  test('never go back, also for an input that wakes up behind the other', () => {
    const [first, second, output] = inputsOf()
    second.emitIdle(true)
    first.emitWatermark(9)

    second.emitIdle(false)
    second.emitWatermark(4)
    first.emitWatermark(12)

    expect(output.emitted).toEqual(['watermark 9'])
  })

  test('come to the end of time only when both have', () => {
    const [first, second, output] = inputsOf()
    second.emitWatermark(3)

    first.emitWatermark(Infinity)
    second.emitIdle(true)
    second.emitIdle(false)
    second.emitWatermark(Infinity)

    expect(output.emitted).toEqual(['watermark 3', 'idle', 'active', 'watermark Infinity'])
  })
})
