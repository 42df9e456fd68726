import { describe, expect, test } from 'vitest'
import {
  boundedOutOfOrderness,
  ingestionTime,
  monotonousTimestamps,
  noWatermarks,
  watermarkGenerator,
  type WatermarkStrategy,
} from '../../src/time/watermark-strategy.ts'
import { recordsPerWatermarkMax } from '../../src/operators/watermark-ticks.ts'
import { barrierOf } from './fixtures.ts'
import { createSource, itemsOf, type SourceFixture } from './source-fixture.ts'

/** A record of these tests is its timestamp. */
const own = boundedOutOfOrderness<number>(0).withTimestamps((value) => value)
const everyEvent = watermarkGenerator<number>(() => ({
  onEvent: (_value, timestamp, output) => output.emitWatermark(timestamp - 1),
})).withTimestamps((value) => value)
const idleAfter1s = own.withIdleness(1000)

function openSource(
  watermarks: WatermarkStrategy<never>,
  ...splitIds: readonly string[]
): SourceFixture {
  const fixture = createSource({
    watermarks,
    boundedness: 'continuous-unbounded',
    restored: itemsOf(...splitIds),
  })
  fixture.operator.open()
  return fixture
}

/** Lets the reader emit these records of a split in one poll. */
function read({ operator, reader }: SourceFixture, splitId: string, ...values: unknown[]): void {
  reader.poll = (output) => {
    for (const value of values) output.forSplit(splitId).collect(value)
    return 'nothing-available'
  }
  operator.poll(100)
  reader.poll = () => 'nothing-available'
}

/** Lets time pass; the reader is asked ten times a second, and has nothing. */
async function passQuietly(
  { operator, scheduler, flow }: SourceFixture,
  ms: number,
): Promise<void> {
  for (let passed = 0; passed < ms; passed += 100) {
    await scheduler.advance(100)
    if (!flow.halted) operator.poll(100)
  }
}

describe('the event time of a source', () => {
  test('advances at ticks, and not in between', async () => {
    const source = openSource(own, 'a')

    read(source, 'a', 10, 30, 20)
    const before = [...source.output.emitted]
    await source.scheduler.advance(200)

    expect(before).toEqual([10, 30, 20])
    expect(source.output.timestamps).toEqual([10, 30, 20])
    expect(source.output.emitted.slice(3)).toEqual(['watermark 29'])
  })

  test('does not wait for a tick where very many records come', () => {
    const source = openSource(own, 'a')
    const half = Array.from({ length: recordsPerWatermarkMax / 2 }, (_, index) => index)

    read(source, 'a', ...half)
    const before = source.output.emitted.at(-1)
    read(source, 'a', ...half)

    const last = recordsPerWatermarkMax / 2 - 1
    expect(before).toBe(last)
    expect(source.output.emitted.slice(-2)).toEqual([last, `watermark ${last - 1}`])
  })

  test('waits for the chain where very many records halt it', () => {
    const { operator, reader, flow, output } = openSource(own, 'a')
    reader.poll = (to) => {
      for (let at = 0; at < recordsPerWatermarkMax; at += 1) to.forSplit('a').collect(at)
      flow.channelFull(true)
      return 'more-available'
    }

    operator.poll(1)
    const halted = output.emitted.at(-1)
    flow.channelFull(false)
    reader.poll = () => 'nothing-available'
    operator.poll(1)

    const last = recordsPerWatermarkMax - 1
    expect(halted).toBe(last)
    expect(output.emitted.slice(-2)).toEqual([last, `watermark ${last - 1}`])
  })

  test('is emitted once, while it does not advance', async () => {
    const source = openSource(own, 'a')
    read(source, 'a', 10)

    await source.scheduler.advance(1000)

    expect(source.output.emitted).toEqual([10, 'watermark 9'])
  })

  test('advances after every record where the generator says so, and never goes back', () => {
    const source = openSource(everyEvent, 'a')

    read(source, 'a', 10, 5, 12)

    expect(source.output.emitted).toEqual([10, 'watermark 9', 5, 12, 'watermark 11'])
  })

  test('is the minimum of its splits, each with a generator of its own', async () => {
    const source = openSource(own, 'a', 'b')

    read(source, 'a', 100)
    await source.scheduler.advance(200)
    read(source, 'b', 50)
    await source.scheduler.advance(200)

    expect(source.output.emitted).toEqual([100, 50, 'watermark 49'])
  })

  test('never goes back when a split is added, and is held back by it', async () => {
    const source = openSource(own, 'a')
    read(source, 'a', 100)
    await source.scheduler.advance(200)

    source.operator.addSplits(itemsOf('b'))
    read(source, 'a', 200)
    await source.scheduler.advance(200)
    read(source, 'b', 50)
    await source.scheduler.advance(200)
    read(source, 'b', 150)
    await source.scheduler.advance(200)

    expect(source.output.emitted).toEqual([100, 'watermark 99', 200, 50, 150, 'watermark 149'])
  })

  test('goes on without a split that is released', async () => {
    const source = openSource(own, 'a', 'b')
    read(source, 'a', 100)
    await source.scheduler.advance(200)

    source.operator.releaseSplit('b')

    expect(source.output.emitted).toEqual([100, 'watermark 99'])
  })

  test('takes the timestamps of the strategy before those of the source', () => {
    const given: unknown[] = []
    const strategy = noWatermarks<string>().withTimestamps((_value, recordTimestamp) => {
      given.push(recordTimestamp)
      return 7
    })
    const source = openSource(strategy, 'a')
    source.reader.poll = (output) => {
      output.forSplit('a').collect('x', 3)
      output.forSplit('a').collect('y')
      return 'nothing-available'
    }

    source.operator.poll(10)

    expect(source.output.timestamps).toEqual([7, 7])
    expect(given).toEqual([3, undefined])
  })

  test('takes the timestamps of the source where the strategy has none', async () => {
    const source = openSource(monotonousTimestamps(), 'a')
    source.reader.poll = (output) => {
      output.forSplit('a').collect('x', 3)
      return 'nothing-available'
    }

    source.operator.poll(10)
    await source.scheduler.advance(200)

    expect(source.output.emitted).toEqual(['x', 'watermark 2'])
  })

  test('is not what the source says when there is a strategy', () => {
    const source = openSource(noWatermarks(), 'a')
    source.reader.poll = (output) => {
      output.forSplit('a').emitWatermark(3)
      return 'nothing-available'
    }

    source.operator.poll(10)

    expect(source.output.emitted).toEqual([])
  })

  test('is the time at which a record came in, one look at the clock a poll', async () => {
    const source = openSource(ingestionTime(), 'a')
    const start = source.scheduler.now()

    read(source, 'a', 'x', 'y')
    source.scheduler.pass(5)
    read(source, 'a', 'z')
    await source.scheduler.advance(200)

    expect(source.output.timestamps).toEqual([start, start, start + 5])
    expect(source.output.emitted.at(-1)).toBe(`watermark ${start + 4}`)
  })

  test('fails the job when a record has no timestamp and the strategy none to give', () => {
    const source = openSource(monotonousTimestamps(), 'a')

    expect(() => read(source, 'a', 'x')).toThrow(
      expect.objectContaining({
        code: 'FLINKTS_TIMESTAMP_MISSING',
        message: 'a record of operator "orders" has no timestamp',
      }),
    )
  })

  test.each([
    ['timestamps', own.withTimestamps(() => Number.NaN)],
    ['timestamps', own.withTimestamps(failing)],
    ['records', watermarkGenerator(() => ({ onEvent: failing })).withTimestamps(() => 1)],
    [
      'watermarks',
      watermarkGenerator(() => ({
        onEvent: (_value, _timestamp, output) => output.emitWatermark(Number.NaN),
      })),
    ],
  ])('fails the job when the function for its %s does', (_what, strategy) => {
    const source = openSource(strategy, 'a')

    expect(() => read(source, 'a', 1)).toThrow(
      expect.objectContaining({ code: 'FLINKTS_USER_FUNCTION_FAILED' }),
    )
  })

  test('waits at a tick while the chain is halted', async () => {
    const source = openSource(own, 'a')
    read(source, 'a', 10)

    source.flow.channelFull(true)
    await source.scheduler.advance(1000)
    const halted = [...source.output.emitted]
    source.flow.channelFull(false)

    expect(halted).toEqual([10])
    expect(source.output.emitted).toEqual([10, 'watermark 9'])
  })

  test('is told as metrics from its first watermark on', async () => {
    const source = openSource(own, 'a')
    const atFirst = source.metrics.collect().values.map(({ name }) => name)

    read(source, 'a', source.scheduler.now() - 1000)
    await source.scheduler.advance(200)
    source.operator.endInput()

    expect(atFirst).not.toContain('currentWatermark')
    const values = source.metrics.collect().values
    const at = source.scheduler.now() - 1201
    expect(values).toContainEqual(expect.objectContaining({ name: 'currentWatermark', value: at }))
    expect(values).toContainEqual(expect.objectContaining({ name: 'watermarkLag', value: 1201 }))
  })

  test.each([
    ['its input ended', (source: SourceFixture) => source.operator.endInput()],
    ['a stop', (source: SourceFixture) => source.operator.snapshot(barrierOf(1, 'stop'))],
    ['it is closed', (source: SourceFixture) => source.operator.close()],
  ])('has no ticks after %s', (_what, end) => {
    const source = openSource(own, 'a')

    end(source)

    expect(source.scheduler.timerCount).toBe(0)
  })

  test('goes on after a checkpoint', async () => {
    const source = openSource(own, 'a')
    read(source, 'a', 10)

    source.operator.snapshot(barrierOf(1))
    await source.scheduler.advance(200)

    expect(source.output.emitted).toEqual([10, 'watermark 9'])
  })
})

describe('a split without records', () => {
  test('turns idle after a while, and holds nothing back until its next record', async () => {
    const source = openSource(idleAfter1s, 'a', 'b')
    source.reader.poll = () => 'nothing-available'

    for (let at = 1; at <= 8; at += 1) {
      read(source, 'a', 100 * at)
      await source.scheduler.advance(200)
    }
    const whileIdle = source.output.emitted.filter((emitted) => typeof emitted === 'string')
    read(source, 'b', 300, 350)
    read(source, 'a', 2000)
    await source.scheduler.advance(200)
    read(source, 'b', 1500)
    await source.scheduler.advance(200)

    expect(whileIdle).toEqual(['watermark 599', 'watermark 699', 'watermark 799'])
    expect(source.output.emitted.slice(-2)).toEqual([1500, 'watermark 1499'])
  })

  test('makes the source idle when all are, and a record makes it active again', async () => {
    const source = openSource(idleAfter1s, 'a')
    read(source, 'a', 10)

    await passQuietly(source, 1600)
    read(source, 'a', 20)

    expect(source.output.emitted).toEqual([10, 'watermark 9', 'idle', 'active', 20])
  })

  test('is not idle before its time', async () => {
    const source = openSource(idleAfter1s, 'a')

    await passQuietly(source, 1000)

    expect(source.output.emitted).toEqual([])
  })

  test('never turns idle without being told for how long to wait', async () => {
    const source = openSource(own, 'a')

    await passQuietly(source, 60_000)

    expect(source.output.emitted).toEqual([])
  })

  test('trap (f): time in which the chain is halted does not count', async () => {
    const source = openSource(idleAfter1s, 'a')
    read(source, 'a', 10)

    for (let round = 0; round < 10; round += 1) {
      source.flow.channelFull(true)
      await passQuietly(source, 700)
      source.flow.channelFull(false)
      source.operator.poll(10)
    }

    expect(source.output.emitted).not.toContain('idle')
  })

  test('is not idle after the thread was busy for long', async () => {
    const source = openSource(idleAfter1s, 'a')
    read(source, 'a', 10)
    await passQuietly(source, 500)

    source.scheduler.pass(60_000)
    await source.scheduler.advance(0)
    read(source, 'a', 20)

    expect(source.output.emitted).not.toContain('idle')
  })

  test('is not idle when the poll after the tick has a record of it', async () => {
    const source = openSource(own.withIdleness(1), 'a')
    read(source, 'a', 10)
    await source.scheduler.advance(200)
    source.operator.poll(10)

    await source.scheduler.advance(200)
    read(source, 'a', 20)

    expect(source.output.emitted).not.toContain('idle')
  })

  test('turns idle when the source says so, with a strategy too', () => {
    const source = openSource(own, 'a')
    source.reader.poll = (output) => {
      output.forSplit('a').markIdle()
      return 'nothing-available'
    }

    source.operator.poll(10)

    expect(source.output.emitted).toEqual(['idle'])
  })
})

describe('a reader without splits', () => {
  test('of an unbounded source is idle after a while, until it gets one', async () => {
    const source = createSource({ boundedness: 'continuous-unbounded' })
    source.operator.open()

    await passQuietly(source, 300)
    const atFirst = [...source.output.emitted]
    await passQuietly(source, 200)
    source.operator.addSplits(itemsOf('a'))

    expect(atFirst).toEqual([])
    expect(source.output.emitted).toEqual(['idle', 'active'])
  })

  test('of an unbounded source is waited for as long as for a silent one', async () => {
    const source = createSource({
      boundedness: 'continuous-unbounded',
      watermarks: own.withIdleness(1000),
    })
    source.operator.open()

    await passQuietly(source, 1000)
    const atFirst = [...source.output.emitted]
    await passQuietly(source, 200)

    expect(atFirst).toEqual([])
    expect(source.output.emitted).toEqual(['idle'])
  })

  test('of an unbounded source is idle at once when it will get none', () => {
    const source = createSource({ boundedness: 'continuous-unbounded' })
    source.operator.open()

    source.operator.notifyNoMoreSplits()
    source.operator.poll(10)

    expect(source.output.emitted).toEqual(['idle'])
  })

  test('of a bounded source holds back the watermark until it ends', async () => {
    const source = createSource({ watermarks: own })
    source.operator.open()

    source.operator.notifyNoMoreSplits()
    await passQuietly(source, 5000)

    expect(source.output.emitted).toEqual([])
  })
})

function failing(): never {
  throw new Error('boom')
}
