import { describe, expect, test } from 'vitest'
import { Channel } from '../../src/network/channel.ts'
import { RecordWriter, roundRobin } from '../../src/network/record-writer.ts'

function channelsOf(count: number): Channel[] {
  return Array.from({ length: count }, () => new Channel({ recordsMax: 100, runRecordsMax: 100 }))
}

function drain(channel: Channel): readonly unknown[] {
  const all: unknown[] = []
  for (let taken = channel.take(); taken !== undefined; taken = channel.take()) {
    if (taken.type === 'records') all.push(...taken.values)
    else all.push(taken)
  }
  return all
}

describe('a record writer', () => {
  test('sends a record to the channel that was selected', () => {
    const channels = channelsOf(2)
    const writer = new RecordWriter(channels, (value) => (value === 'b' ? 1 : 0))

    for (const value of ['a', 'b', 'c']) writer.collect(value, 5)

    expect(channels.map(drain)).toEqual([['a', 'c'], ['b']])
    expect(writer.recordCount).toBe(3)
  })

  test('sends every record to every channel without a selector, and counts it once', () => {
    const channels = channelsOf(3)
    const writer = new RecordWriter(channels, undefined)

    writer.collect('a', 5)

    expect(channels.map(drain)).toEqual([['a'], ['a'], ['a']])
    expect(writer.recordCount).toBe(1)
  })

  test('sends watermarks, idleness and events to every channel, behind the records', () => {
    const channels = channelsOf(2)
    const writer = new RecordWriter(channels, () => 0)

    writer.collect('a', 5)
    writer.emitWatermark(5)
    writer.emitIdle(true)
    writer.emitEvent({ type: 'end-of-data' })

    const events = [
      { type: 'watermark', timestamp: 5 },
      { type: 'idle', idle: true },
      { type: 'end-of-data' },
    ]
    expect(channels.map(drain)).toEqual([['a', ...events], events])
  })

  test('refuses a channel that does not exist', () => {
    const writer = new RecordWriter(channelsOf(2), () => 2)

    const collect = (): void => writer.collect('a', 5)

    expect(collect).toThrow(expect.objectContaining({ code: 'FLINKTS_ASSERTION_FAILED' }))
  })
})

describe('round robin', () => {
  test('takes the channels in turn, beginning where it is told', () => {
    const select = roundRobin(3, 2)

    expect(Array.from({ length: 5 }, () => select('a'))).toEqual([2, 0, 1, 2, 0])
  })

  test('begins within the channels, whatever the number of the subtask', () => {
    const select = roundRobin(2, 5)

    expect(Array.from({ length: 3 }, () => select('a'))).toEqual([1, 0, 1])
  })
})
