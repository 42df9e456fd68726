import { describe, expect, test } from 'vitest'
import { Channel } from '../../src/network/channel.ts'
import { InputGate } from '../../src/network/input-gate.ts'

function gateOf(channelCount: number): {
  gate: InputGate
  channels: readonly Channel[]
  wakes: () => number
} {
  let wakes = 0
  const channels = Array.from({ length: channelCount }, () => {
    return new Channel({ recordsMax: 100, runRecordsMax: 1 })
  })
  const gate = new InputGate(channels, () => {
    wakes += 1
  })
  return { gate, channels, wakes: () => wakes }
}

const none = (): boolean => false

describe('an input gate', () => {
  test('takes from its channels in turn', () => {
    const { gate, channels } = gateOf(2)
    for (const value of ['a', 'b']) {
      channels[0]?.push(`${value}0`, 1)
      channels[1]?.push(`${value}1`, 1)
    }

    const taken = Array.from({ length: 4 }, () => gate.take(none))

    expect(taken).toMatchObject([
      { channel: 0, element: { values: ['a0'] } },
      { channel: 1, element: { values: ['a1'] } },
      { channel: 0, element: { values: ['b0'] } },
      { channel: 1, element: { values: ['b1'] } },
    ])
    expect(gate.take(none)).toBeUndefined()
  })

  test('leaves a blocked channel alone, and comes back to it', () => {
    const { gate, channels } = gateOf(2)
    channels[0]?.push('a', 1)
    channels[1]?.push('b', 1)

    const first = gate.take((channel) => channel === 0)
    const none0 = gate.take((channel) => channel === 0)
    const second = gate.take(none)

    expect(first).toMatchObject({ channel: 1 })
    expect(none0).toBeUndefined()
    expect(second).toMatchObject({ channel: 0, element: { values: ['a'] } })
  })

  test('wakes its task for each channel that turns readable', () => {
    const { channels, wakes } = gateOf(2)

    channels[0]?.push('a', 1)
    channels[0]?.push('b', 1)
    channels[1]?.pushEvent({ type: 'end-of-data' })

    expect(wakes()).toBe(2)
  })
})
