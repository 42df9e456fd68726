import { describe, expect, test } from 'vitest'
import { StreamPosition } from '../../src/stream/stream-position.ts'

const fresh = { endLsn: '0/10', openLsn: undefined, openIndex: 0 }
const cut = { endLsn: '0/10', openLsn: '0/50', openIndex: 2 }

function transaction(finalLsn: bigint): Parameters<StreamPosition['begin']>[0] {
  return { finalLsn, transactionId: 1, commitTime: '2024-05-06T07:08:09.000000Z' }
}

describe('the position in the stream', () => {
  test('moves with transactions, and to the single change within one', () => {
    const position = new StreamPosition(fresh)
    const steps = [position.snapshot()]

    position.begin(transaction(0x50n))
    steps.push(position.snapshot())
    position.advance(0)
    position.advance(1)
    steps.push(position.snapshot())
    position.commit(0x58n)
    steps.push(position.snapshot())

    expect(steps).toEqual([
      fresh,
      { endLsn: '0/10', openLsn: '0/50', openIndex: 0 },
      { endLsn: '0/10', openLsn: '0/50', openIndex: 2 },
      { endLsn: '0/58', openLsn: undefined, openIndex: 0 },
    ])
  })

  test('moves without transactions, but never back', () => {
    const position = new StreamPosition(fresh)

    position.progress(0x80n)
    position.progress(0x20n)

    expect(position.endLsn).toBe(0x80n)
  })

  test('in a transaction that was cut passes over what was emitted', () => {
    const position = new StreamPosition(cut)

    position.begin(transaction(0x50n))
    const emitted = [0, 1, 2, 3].map((index) => position.advance(index))

    expect(emitted).toEqual([false, false, true, true])
  })

  test('does not move past a transaction that was cut before it came again', () => {
    const position = new StreamPosition(cut)

    position.progress(0x80n)

    expect(position.snapshot()).toEqual(cut)
  })

  test('passes over again after every further connection', () => {
    const position = new StreamPosition(fresh)
    position.begin(transaction(0x50n))
    position.advance(0)

    position.reopened()
    position.begin(transaction(0x50n))
    const second = [position.advance(0), position.advance(1)]
    position.reopened()
    position.begin(transaction(0x50n))
    const third = [0, 1, 2].map((index) => position.advance(index))

    expect(second).toEqual([false, true])
    expect(third).toEqual([false, false, true])
  })

  test('emits all of the transactions that follow the one that was cut', () => {
    const position = new StreamPosition(cut)
    position.begin(transaction(0x50n))
    position.commit(0x58n)

    position.begin(transaction(0x60n))

    expect(position.advance(0)).toBe(true)
  })

  test('refuses a stream in which the transaction that was cut is missing', () => {
    const position = new StreamPosition(cut)

    expect(() => position.begin(transaction(0x60n))).toThrow(
      expect.objectContaining({ code: 'FLINKTS_POSTGRES_SLOT_AHEAD' }),
    )
  })
})
