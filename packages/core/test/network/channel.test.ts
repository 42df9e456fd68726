import { describe, expect, test } from 'vitest'
import { Channel, type ChannelLimits } from '../../src/network/channel.ts'
import type { StreamEvent } from '../../src/network/stream-element.ts'

const barrier: StreamEvent = { type: 'barrier', checkpointId: 1, kind: 'periodic' }
const ended: StreamEvent = { type: 'end-of-data' }

function channelOf(limits: Partial<ChannelLimits> = {}): {
  channel: Channel
  calls: string[]
} {
  const channel = new Channel({ recordsMax: 3, runRecordsMax: 2, ...limits })
  const calls: string[] = []
  channel.onReadable = () => void calls.push('readable')
  channel.onFull = (full) => void calls.push(full ? 'full' : 'not full')
  return { channel, calls }
}

describe('a channel', () => {
  test('gives nothing as long as it is empty', () => {
    const { channel } = channelOf()

    expect(channel.readable).toBe(false)
    expect(channel.take()).toBeUndefined()
  })

  test('gives records and events in their order, records in runs', () => {
    const { channel } = channelOf({ recordsMax: 100 })
    for (const value of ['a', 'b', 'c']) channel.push(value, 1)
    channel.pushEvent(barrier)
    channel.push('d', 2)
    channel.pushEvent(ended)

    const taken = Array.from({ length: 6 }, () => channel.take())

    expect(taken).toEqual([
      { type: 'records', values: ['a', 'b'], timestamps: [1, 1] },
      { type: 'records', values: ['c'], timestamps: [1] },
      barrier,
      { type: 'records', values: ['d'], timestamps: [2] },
      ended,
      undefined,
    ])
  })

  test('adds nothing to a run that has been taken', () => {
    const { channel } = channelOf()
    channel.push('a', 1)
    const first = channel.take()

    channel.push('b', 2)

    expect(first).toMatchObject({ values: ['a'] })
    expect(channel.take()).toMatchObject({ values: ['b'] })
  })

  test('says that it is readable when it was not before', () => {
    const { channel, calls } = channelOf({ recordsMax: 100 })

    channel.push('a', 1)
    channel.push('b', 1)
    channel.pushEvent(ended)
    channel.take()
    channel.take()
    channel.pushEvent(barrier)

    expect(calls).toEqual(['readable', 'readable'])
  })

  test('says once that it is full, and takes records all the same', () => {
    const { channel, calls } = channelOf({ recordsMax: 2, runRecordsMax: 1 })

    for (const value of ['a', 'b', 'c']) channel.push(value, 1)

    expect(calls).toEqual(['readable', 'full'])
    expect([channel.take(), channel.take(), channel.take()]).toMatchObject([
      { values: ['a'] },
      { values: ['b'] },
      { values: ['c'] },
    ])
  })

  test('is no longer full below its limit, not before', () => {
    const { channel, calls } = channelOf({ recordsMax: 2, runRecordsMax: 1 })
    for (const value of ['a', 'b', 'c']) channel.push(value, 1)
    calls.length = 0

    channel.take()
    const afterOne = [...calls]
    channel.take()

    expect(afterOne).toEqual([])
    expect(calls).toEqual(['not full'])
  })

  test('does not count events, nor refuse them when it is full', () => {
    const { channel, calls } = channelOf({ recordsMax: 1 })
    channel.pushEvent(barrier)
    channel.pushEvent(barrier)
    const withEvents = [...calls]

    channel.push('a', 1)
    channel.pushEvent(ended)

    expect(withEvents).toEqual(['readable'])
    expect(calls).toEqual(['readable', 'full'])
    expect(Array.from({ length: 4 }, () => channel.take()?.type)).toEqual([
      'barrier',
      'barrier',
      'records',
      'end-of-data',
    ])
  })
})
