import { describe, expect, test } from 'vitest'
import { WatermarkValve } from '../../src/time/watermark-valve.ts'

type Emitted = number | 'idle' | 'active'

function valveOf(channelCount: number): { valve: WatermarkValve; emitted: Emitted[] } {
  const emitted: Emitted[] = []
  const valve = new WatermarkValve(channelCount, {
    emitWatermark: (timestamp) => void emitted.push(timestamp),
    emitIdle: (idle) => void emitted.push(idle ? 'idle' : 'active'),
  })
  return { valve, emitted }
}

describe('the watermark valve', () => {
  test('passes the watermarks of a single channel', () => {
    const { valve, emitted } = valveOf(1)

    valve.inputWatermark(0, 1)
    valve.inputWatermark(0, Infinity)

    expect(emitted).toEqual([1, Infinity])
  })

  test('waits for every channel, and emits the minimum', () => {
    const { valve, emitted } = valveOf(3)

    valve.inputWatermark(0, 5)
    valve.inputWatermark(1, 3)
    valve.inputWatermark(2, 4)
    valve.inputWatermark(1, 9)

    expect(emitted).toEqual([3, 4])
  })

  test('ignores watermarks that do not grow, and emits none twice', () => {
    const { valve, emitted } = valveOf(1)
    valve.inputWatermark(0, 5)

    valve.inputWatermark(0, 5)
    valve.inputWatermark(0, 4)

    expect(emitted).toEqual([5])
  })

  test('is not held back by an idle channel', () => {
    const { valve, emitted } = valveOf(2)
    valve.inputWatermark(0, 5)

    valve.inputIdle(1, true)
    valve.inputWatermark(0, 6)

    expect(emitted).toEqual([5, 6])
  })

  test('advances at once when the channel that held it back turns idle', () => {
    const { valve, emitted } = valveOf(2)
    valve.inputWatermark(0, 3)
    valve.inputWatermark(1, 8)

    valve.inputIdle(0, true)

    expect(emitted).toEqual([3, 8])
  })

  test('does not look again when a channel turns idle that did not hold it back', () => {
    const { valve, emitted } = valveOf(2)
    valve.inputWatermark(0, 3)
    valve.inputWatermark(1, 8)

    valve.inputIdle(1, true)

    expect(emitted).toEqual([3])
  })

  test('releases the maximum before it turns idle, if the last channel held it back', () => {
    const { valve, emitted } = valveOf(2)
    valve.inputWatermark(0, 3)
    valve.inputWatermark(1, 8)

    valve.inputIdle(1, true)
    valve.inputIdle(0, true)

    expect(emitted).toEqual([3, 8, 'idle'])
  })

  test('turns idle without the maximum if the last channel did not hold it back', () => {
    const { valve, emitted } = valveOf(2)
    valve.inputWatermark(0, 3)
    valve.inputWatermark(1, 8)

    valve.inputIdle(0, true)
    valve.inputWatermark(1, 9)
    valve.inputIdle(1, true)

    expect(emitted).toEqual([3, 8, 9, 'idle'])
  })

  test('turns idle without a watermark if there was none', () => {
    const { valve, emitted } = valveOf(2)

    valve.inputIdle(0, true)
    valve.inputIdle(1, true)

    expect(emitted).toEqual(['idle'])
  })

  test('ignores the watermarks of idle channels', () => {
    const { valve, emitted } = valveOf(2)
    valve.inputIdle(0, true)

    valve.inputWatermark(0, 2)
    valve.inputWatermark(1, 4)
    valve.inputIdle(0, false)
    valve.inputWatermark(0, 5)

    expect(emitted).toEqual([4])
  })

  test('turns active with the first channel that does, and says so once', () => {
    const { valve, emitted } = valveOf(2)
    valve.inputIdle(0, true)
    valve.inputIdle(1, true)

    valve.inputIdle(1, false)
    valve.inputIdle(0, false)
    valve.inputIdle(0, false)

    expect(emitted).toEqual(['idle', 'active'])
  })

  test('is not held back by a channel that wakes up behind it, until it has caught up', () => {
    const { valve, emitted } = valveOf(2)
    valve.inputWatermark(0, 2)
    valve.inputWatermark(1, 5)
    valve.inputIdle(0, true)

    valve.inputIdle(0, false)
    valve.inputWatermark(1, 7)
    valve.inputWatermark(0, 6)
    valve.inputWatermark(1, 9)
    valve.inputWatermark(0, 9)
    valve.inputWatermark(1, 12)
    valve.inputWatermark(0, 10)

    expect(emitted).toEqual([2, 5, 7, 9, 10])
  })

  test('emits nothing while every active channel is behind', () => {
    const { valve, emitted } = valveOf(2)
    valve.inputWatermark(0, 2)
    valve.inputWatermark(1, 9)
    valve.inputIdle(0, true)
    valve.inputIdle(1, true)

    valve.inputIdle(0, false)
    valve.inputWatermark(0, 4)

    expect(emitted).toEqual([2, 9, 'idle', 'active'])
  })

  test('does not come to the end of time while a channel is only idle', () => {
    const { valve, emitted } = valveOf(3)
    for (const [channel, timestamp] of [3, 8, 5].entries()) {
      valve.inputWatermark(channel, timestamp)
    }

    valve.inputIdle(1, true)
    valve.inputIdle(2, true)
    valve.inputWatermark(0, Infinity)
    valve.inputIdle(1, false)
    valve.inputWatermark(1, 9)
    valve.inputWatermark(1, Infinity)
    valve.inputIdle(2, false)
    valve.inputWatermark(2, Infinity)

    expect(emitted).toEqual([3, 8, 'idle', 'active', 9, 'idle', 'active', Infinity])
  })

  test('turns idle when those that have not ended are, whichever was the last', () => {
    const { valve, emitted } = valveOf(2)
    valve.inputWatermark(0, 3)
    valve.inputWatermark(1, 8)

    valve.inputWatermark(1, Infinity)
    valve.inputIdle(1, true)
    valve.inputIdle(0, true)

    expect(emitted).toEqual([3, 'idle'])
  })

  test('never emits a watermark that goes back, whatever comes in', () => {
    for (let seed = 0; seed < 200; seed += 1) {
      const { valve, emitted } = valveOf(3)
      let state = seed
      const below = (limit: number): number => {
        state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
        return Math.floor((state / 2_147_483_648) * limit)
      }

      for (let step = 0; step < 60; step += 1) {
        if (below(3) === 0) valve.inputIdle(below(3), below(2) === 0)
        else valve.inputWatermark(below(3), below(12) === 0 ? Infinity : below(30))
      }

      const watermarks = emitted.filter((value) => typeof value === 'number')
      const statuses = emitted.filter((value) => typeof value === 'string')
      expect(watermarks).toEqual([...new Set(watermarks)].toSorted((a, b) => a - b))
      // Idle and active take turns, idle first.
      expect(statuses).toEqual(statuses.map((_, index) => (index % 2 === 0 ? 'idle' : 'active')))
    }
  })
})

describe('the watermark valve, in the cases of Flink', () => {
  test('C29: a channel that wakes up behind counts again when it has caught up', () => {
    const { valve, emitted } = valveOf(3)
    for (const [channel, timestamp] of [10, 7, 3].entries()) {
      valve.inputWatermark(channel, timestamp)
    }

    valve.inputIdle(2, true)
    valve.inputIdle(2, false)
    valve.inputWatermark(2, 5)
    valve.inputWatermark(2, 9)
    valve.inputWatermark(1, 12)

    expect(emitted).toEqual([3, 7, 9])
  })

  test('C30: the last channel that turns idle releases the maximum', () => {
    const { valve, emitted } = valveOf(3)
    for (const [channel, timestamp] of [10, 5, 3].entries()) {
      valve.inputWatermark(channel, timestamp)
    }

    for (const channel of [0, 1, 2]) valve.inputIdle(channel, true)

    expect(emitted).toEqual([3, 10, 'idle'])
  })

  test('C31: a watermark is ignored while its channel is idle', () => {
    const { valve, emitted } = valveOf(1)

    valve.inputWatermark(0, 25)
    valve.inputIdle(0, true)
    valve.inputWatermark(0, 50)
    valve.inputIdle(0, false)
    valve.inputWatermark(0, 50)

    expect(emitted).toEqual([25, 'idle', 'active', 50])
  })

  test('C32: nothing more is emitted while the only active channel is behind', () => {
    const { valve, emitted } = valveOf(3)
    valve.inputWatermark(0, 10)
    valve.inputWatermark(1, 7)
    valve.inputWatermark(2, 2)

    valve.inputIdle(2, true)
    valve.inputIdle(2, false)
    valve.inputIdle(0, true)
    valve.inputIdle(1, true)

    expect(emitted).toEqual([2, 7])
  })
})
