import { expect, test } from 'vitest'
import { TransactionSlots } from '../../src/sink/transaction-slots.ts'

const identity = { producerId: 7, producerEpoch: 2 }

test('uses a slot again only when nothing of it can be committed again', () => {
  const slots = new TransactionSlots()
  const first = slots.take()
  slots.prepare(first.slot, identity, 5)

  slots.forget(5)
  const second = slots.take()
  slots.forget(6)
  const third = slots.take()

  expect([first, second, third]).toEqual([
    { slot: 0, expected: undefined },
    { slot: 1, expected: undefined },
    { slot: 0, expected: identity },
  ])
})

test('fails when commits have failed for so long that all slots are prepared', () => {
  const slots = new TransactionSlots()
  const prepareOne = (checkpointId: number): void =>
    slots.prepare(slots.take().slot, identity, checkpointId)
  for (let checkpointId = 1; checkpointId <= 64; checkpointId += 1) prepareOne(checkpointId)

  expect(() => slots.take()).toThrow(
    expect.objectContaining({ code: 'FLINKTS_KAFKA_TRANSACTIONS_EXHAUSTED' }),
  )
})
