import { describe, expect, test } from 'vitest'
import { FlowControl } from '../../src/network/flow-control.ts'
import { TimestampsAndWatermarksOperator } from '../../src/operators/timestamps-and-watermarks.ts'
import { recordsPerWatermarkMax } from '../../src/operators/watermark-ticks.ts'
import {
  boundedOutOfOrderness,
  watermarkGenerator,
  type WatermarkSettings,
  type WatermarkStrategy,
} from '../../src/time/watermark-strategy.ts'
import { ManualScheduler } from '../../src/testing/manual-scheduler.ts'
import { operatorContextOf, RecordingOutput } from './fixtures.ts'

/** A record of these tests is its timestamp. */
const own = boundedOutOfOrderness<number>(0).withTimestamps((value) => value)
const everyEvent = watermarkGenerator<number>(() => ({
  onEvent: (_value, timestamp, output) => output.emitWatermark(timestamp - 1),
})).withTimestamps((value) => value)

interface Fixture {
  readonly operator: TimestampsAndWatermarksOperator
  readonly output: RecordingOutput
  readonly flow: FlowControl
  readonly scheduler: ManualScheduler
  /** Lets time pass, and runs what is due on the task unless the chain is halted. */
  readonly advance: (ms: number) => Promise<void>
}

async function openOperator(strategy: WatermarkStrategy<never>): Promise<Fixture> {
  const output = new RecordingOutput()
  const flow = new FlowControl()
  const scheduler = new ManualScheduler()
  const context = operatorContextOf('orders.watermarks', { output, flow, scheduler })
  const settings = strategy.settings as WatermarkSettings
  const operator = new TimestampsAndWatermarksOperator({ settings, intervalMs: 200 }, context)
  await operator.open()
  const advance = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 100) {
      await scheduler.advance(100)
      while (context.actions.length > 0 && !flow.halted) context.actions.shift()?.()
    }
  }
  return { operator, output, flow, scheduler, advance }
}

describe('timestamps and watermarks in the middle of a job', () => {
  test('replace the timestamps, and emit at ticks', async () => {
    const { operator, output, advance } = await openOperator(own)

    operator.collect(30, 1)
    operator.collect(20, 2)
    await advance(200)

    expect(output.timestamps).toEqual([30, 20])
    expect(output.emitted).toEqual([30, 20, 'watermark 29'])
  })

  test('do not wait for a tick where very many records come', async () => {
    const { operator, output } = await openOperator(own)

    for (let index = 0; index <= recordsPerWatermarkMax; index += 1) operator.collect(index, 0)

    const last = recordsPerWatermarkMax - 1
    expect(output.emitted.slice(-3)).toEqual([last, `watermark ${last - 1}`, last + 1])
  })

  test('swallow watermarks and idleness from before, but not the end of time', async () => {
    const { operator, output, scheduler } = await openOperator(own)

    operator.emitWatermark(1000)
    operator.emitIdle()
    operator.collect(30, 1)
    operator.emitWatermark(Infinity)

    expect(output.emitted).toEqual([30, 'watermark Infinity'])
    expect(scheduler.timerCount).toBe(0)
  })

  test('emit no watermark before what is behind is done with the records before it', async () => {
    const { operator, output, flow } = await openOperator(everyEvent)
    output.onRecord = (value) => {
      if (value === 10) flow.suspend({ resume: () => output.collect('rest of 10', 10) })
    }

    operator.collect(10, 0)
    const halted = [...output.emitted]
    flow.resume()
    operator.collect(20, 0)

    expect(halted).toEqual([10])
    expect(output.emitted).toEqual([10, 'rest of 10', 'watermark 9', 20, 'watermark 19'])
  })

  test('turn idle after a while, and active with the next record', async () => {
    const { operator, output, advance } = await openOperator(own.withIdleness(1000))
    operator.collect(10, 0)

    await advance(1400)
    operator.collect(20, 0)
    await advance(200)

    expect(output.emitted).toEqual([10, 'watermark 9', 'idle', 'active', 20, 'watermark 19'])
  })

  test('reach the end of time also from idleness', async () => {
    const { operator, output, advance } = await openOperator(own.withIdleness(200))
    await advance(600)

    operator.emitWatermark(Infinity)

    expect(output.emitted).toEqual(['idle', 'active', 'watermark Infinity'])
  })

  test('are not idle while the chain is halted', async () => {
    const { operator, output, flow, advance } = await openOperator(own.withIdleness(1000))
    operator.collect(10, 0)

    for (let round = 0; round < 10; round += 1) {
      flow.channelFull(true)
      await advance(700)
      flow.channelFull(false)
      await advance(100)
    }

    expect(output.emitted).not.toContain('idle')
  })

  test('have no ticks after they are closed', async () => {
    const { operator, scheduler } = await openOperator(own)

    await operator.close()

    expect(scheduler.timerCount).toBe(0)
  })
})
