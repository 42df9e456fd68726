import { describe, expect, test } from 'vitest'
import type { OperatorContext } from '../../src/operators/operator-definition.ts'
import type { Operator, OperatorSnapshot } from '../../src/operators/operator.ts'
import {
  operatorHarness,
  type OperatorHarness,
  startOperatorHarness,
} from '../../src/testing/operator-harness.ts'
import { collectSink } from '../../src/testing/collect-sink.ts'
import { jobOf } from './harness-job.ts'

/** Emits each number after as many milliseconds; negative ones are thrown. */
class DelayingOperator implements Operator {
  readonly operatorId: string
  readonly #context: OperatorContext
  #pending = 0

  constructor(context: OperatorContext) {
    this.operatorId = context.operatorId
    this.#context = context
  }

  collect(value: unknown, timestamp: number): void {
    const { output, runOnTask, subtask } = this.#context
    this.#pending += 1
    subtask.scheduler.after(Math.abs(Number(value)), () =>
      runOnTask(() => {
        this.#pending -= 1
        if (Number(value) < 0) throw new Error(`no ${String(value)}`)
        output.collect(value, timestamp)
      }),
    )
  }

  emitWatermark(): void {}
  emitIdle(): void {}

  endInput(): boolean {
    return this.#pending === 0
  }
}

/** Halts the chain at each record until its promise has settled. */
class HaltingOperator implements Operator {
  readonly operatorId: string
  readonly #context: OperatorContext

  constructor(context: OperatorContext) {
    this.operatorId = context.operatorId
    this.#context = context
  }

  collect(value: unknown, timestamp: number): void {
    this.#context.output.collect(value, timestamp)
    const written = value instanceof Promise ? (value as Promise<void>) : Promise.resolve()
    this.#context.flow.waitFor(written)
  }

  emitWatermark(timestamp: number): void {
    this.#context.output.emitWatermark(timestamp)
  }

  emitIdle(): void {}
}

function start(
  create: (context: OperatorContext) => Operator,
): Promise<OperatorHarness<unknown, unknown>> {
  return startOperatorHarness(jobOf({ type: 'process', create }), {})
}

describe('a harness of operators that wait', () => {
  test('gives what comes later when time has passed', async () => {
    const harness = await start((context) => new DelayingOperator(context))

    harness.push(20, 1)
    harness.push(10, 2)
    await harness.advanceProcessingTimeTo(9)
    const early = harness.takeValues()
    await harness.advanceProcessingTimeTo(20)

    expect(early).toEqual([])
    expect(harness.takeValues()).toEqual([10, 20])
  })

  test('rejects with what is thrown while time passes', async () => {
    const harness = await start((context) => new DelayingOperator(context))

    harness.push(-5)

    await expect(harness.advanceProcessingTimeTo(10)).rejects.toThrow('no -5')
    await expect(harness.settle()).rejects.toThrow('no -5')
    await harness.close()
  })

  test('lets the time pass that operators need to end their input', async () => {
    const harness = await start((context) => new DelayingOperator(context))

    harness.push(60_000)
    await harness.endInput()

    expect(harness.takeValues()).toEqual([60_000])
    expect(harness.processingTime).toBe(60_000)
  })

  test('rejects if they do not come to the end within an hour', async () => {
    const harness = await start((context) => new DelayingOperator(context))

    harness.push(3_600_001)

    await expect(harness.endInput()).rejects.toMatchObject({
      code: 'FLINKTS_TEST_INVALID',
      message: 'the operators did not come to the end of their input',
    })
  })

  test('keeps what is pushed while the chain is halted, in order', async () => {
    const harness = await start((context) => new HaltingOperator(context))

    harness.push('a')
    harness.push('b')
    harness.watermark(5)
    const halted = harness.takeValues()
    await harness.settle()

    expect(halted).toEqual(['a'])
    expect(harness.take()).toEqual([
      { type: 'record', value: 'b', timestamp: undefined },
      { type: 'watermark', timestamp: 5 },
    ])
  })

  test('takes no snapshot in the middle of something', async () => {
    const harness = await start((context) => new HaltingOperator(context))

    harness.push(new Promise(() => {}))

    await expect(harness.snapshot()).rejects.toMatchObject({ code: 'FLINKTS_TEST_INVALID' })
  })

  test('rejects with what makes a snapshot fail, and goes on', async () => {
    const harness = await start((context) => {
      const snapshot = (): OperatorSnapshot => ({
        state: Promise.reject(new Error('no disk')),
        failure: 'decline-checkpoint',
      })
      return Object.assign(new HaltingOperator(context), { snapshot })
    })

    await expect(harness.snapshot()).rejects.toThrow('no disk')
    harness.push('a')

    expect(harness.takeValues()).toEqual(['a'])
  })

  test('closes what it opened when the rest cannot be opened', async () => {
    const log: string[] = []
    const create = (context: OperatorContext): Operator =>
      Object.assign(new HaltingOperator(context), {
        open: () => Promise.reject(new Error('no connection')),
        close: () => Promise.resolve(void log.push('closed')),
      })

    await expect(start(create)).rejects.toThrow('no connection')
    expect(log).toEqual(['closed'])
  })
})

test('a harness has no sinks of its own', async () => {
  const harness = operatorHarness((numbers) => {
    numbers.sinkTo('mine', collectSink())
    return numbers
  })

  await expect(harness).rejects.toMatchObject({
    code: 'FLINKTS_TEST_INVALID',
    message: 'the stream of the harness is written to sink "mine"',
  })
})
