import { describe, expect, test } from 'vitest'
import { watermarkGenerator } from '../../src/time/watermark-strategy.ts'
import { barrierOf } from './fixtures.ts'
import { createSource, itemsOf, type SourceFixture } from './source-fixture.ts'

/** A record of these tests is its timestamp, and advances the watermark to it. */
const aligned = watermarkGenerator<number>(() => ({
  onEvent: (_value, timestamp, output) => output.emitWatermark(timestamp),
}))
  .withTimestamps((value) => value)
  .withAlignment('group', 10)

function openSource(
  splitIds: readonly string[],
  parts: { readonly pauses?: boolean; readonly watermarks?: typeof aligned } = {},
): SourceFixture {
  const { pauses = true, watermarks = aligned } = parts
  const fixture = createSource({
    ...{ watermarks, pauses },
    boundedness: 'continuous-unbounded',
    restored: itemsOf(...splitIds),
  })
  fixture.operator.open()
  fixture.reader.calls.length = 0
  return fixture
}

function read({ operator, reader }: SourceFixture, splitId: string, ...values: number[]): void {
  reader.poll = (output) => {
    for (const value of values) output.forSplit(splitId).collect(value)
    return 'nothing-available'
  }
  operator.poll(100)
  reader.poll = () => 'nothing-available'
}

async function passQuietly({ operator, scheduler }: SourceFixture, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 100) {
    await scheduler.advance(100)
    operator.poll(100)
  }
}

function markIdle({ operator, reader }: SourceFixture, splitId: string): void {
  reader.poll = (output) => {
    output.forSplit(splitId).markIdle()
    return 'nothing-available'
  }
  operator.poll(100)
  reader.poll = () => 'nothing-available'
}

describe('a source in an alignment group', () => {
  test('pauses a split beyond the limit, and resumes it within', () => {
    const source = openSource(['a', 'b'])
    source.operator.limitWatermark(100)

    read(source, 'a', 100, 101)
    read(source, 'b', 50)
    source.operator.limitWatermark(100)
    source.operator.limitWatermark(101)

    expect(source.reader.calls).toEqual(['pause a', 'resume a'])
  })

  test('waits for nobody before the first limit', () => {
    const source = openSource(['a'])

    read(source, 'a', 1_000_000)

    expect(source.reader.calls).toEqual([])
  })

  test('tells the group where its slowest split is, again and again', async () => {
    const source = openSource(['a', 'b'])
    await source.scheduler.advance(1000)
    read(source, 'a', 70)
    read(source, 'b', 30)

    await source.scheduler.advance(2000)

    expect(source.reports).toEqual([30, 30])
  })

  test('says nothing to the group any more after it is closed', async () => {
    const source = openSource(['a'])

    await source.operator.close()

    expect(source.scheduler.timerCount).toBe(0)
  })

  test('is not polled while its only split is paused, if its reader cannot pause', async () => {
    const source = openSource(['a'], { pauses: false })
    source.operator.limitWatermark(10)
    read(source, 'a', 20)
    let polls = 0
    source.reader.poll = () => {
      polls += 1
      return 'more-available'
    }

    const paused = source.operator.poll(10)
    let available = false
    const waiting = source.operator.available().then(() => (available = true))
    await Promise.resolve()
    const early = available
    source.operator.limitWatermark(20)
    await waiting
    const resumed = source.operator.poll(10)

    expect(paused).toEqual({ status: 'nothing-available', records: 0 })
    expect(early).toBe(false)
    expect(resumed.status).toBe('more-available')
    expect(polls).toBe(1)
  })

  test('can be stopped with a checkpoint while it is paused', async () => {
    const source = openSource(['a'], { pauses: false })
    source.operator.limitWatermark(10)
    read(source, 'a', 20)

    const snapshot = source.operator.snapshot(barrierOf(1, 'stop'))

    expect((await snapshot.state).lists[0]?.items).toHaveLength(1)
    expect(source.scheduler.timerCount).toBe(0)
  })

  test('is refused with several splits whose reader cannot pause one', () => {
    const source = openSource(['a'], { pauses: false })

    expect(() => source.operator.addSplits(itemsOf('b'))).toThrow(
      expect.objectContaining({
        code: 'FLINKTS_ALIGNMENT_UNSUPPORTED',
        message: 'source "orders" cannot pause single splits, and a subtask of it has several',
      }),
    )
  })

  test('takes one split after the other whose reader cannot pause one', () => {
    const source = openSource(['a'], { pauses: false })

    source.operator.releaseSplit('a')
    source.operator.addSplits(itemsOf('b'))

    expect(source.reader.calls).toEqual(['add b'])
  })
})

describe('the traps of alignment', () => {
  test('(a) a subtask that gets no more splits, and still reads, is resumed', () => {
    const source = openSource(['a', 'b'])
    source.operator.limitWatermark(10)
    read(source, 'a', 20)

    source.operator.notifyNoMoreSplits()
    source.operator.limitWatermark(20)

    expect(source.reader.calls).toEqual(['pause a', 'no more', 'resume a'])
  })

  test('(b) a subtask that has ended goes on to say that it holds nobody back', async () => {
    const source = openSource(['a'])
    read(source, 'a', 30)
    await source.scheduler.advance(1000)

    source.operator.endInput()
    await source.scheduler.advance(2000)

    expect(source.reports).toEqual([30, Infinity, Infinity])
  })

  test('(c) a subtask that never got a split holds nobody back', async () => {
    const source = openSource([])

    await source.scheduler.advance(1000)

    expect(source.reports).toEqual([Infinity])
  })

  test('(d) an idle split holds nobody back, and is held back when it is read again', async () => {
    const source = openSource(['a'], { watermarks: aligned.withIdleness(1000) })
    read(source, 'a', 30)
    await passQuietly(source, 2000)

    source.operator.limitWatermark(10)
    const whileIdle = [...source.reader.calls]
    read(source, 'a', 40)
    source.operator.limitWatermark(40)

    expect(source.reports.at(-1)).toBe(Infinity)
    expect(whileIdle).toEqual([])
    expect(source.reader.calls).toEqual(['pause a', 'resume a'])
  })

  test('(e) a paused split that the source calls idle is read again', () => {
    const source = openSource(['a', 'b'])
    source.operator.limitWatermark(10)
    read(source, 'a', 20)

    markIdle(source, 'a')

    expect(source.reader.calls).toEqual(['pause a', 'resume a'])
  })

  test('(f) time in which a split is paused does not count as silence', async () => {
    const source = openSource(['a'], { watermarks: aligned.withIdleness(1000) })
    source.operator.limitWatermark(10)
    read(source, 'a', 20)

    await passQuietly(source, 10_000)
    source.operator.limitWatermark(20)
    await passQuietly(source, 1000)

    expect(source.output.emitted).not.toContain('idle')
  })

  test('a paused split that is released is resumed, and nothing comes of it later', () => {
    const source = openSource(['a', 'b'])
    source.operator.limitWatermark(10)
    read(source, 'a', 20)

    source.operator.releaseSplit('a')
    source.operator.limitWatermark(30)

    expect(source.reader.calls).toEqual(['pause a', 'resume a'])
  })
})
