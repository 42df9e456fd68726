import { expect, test } from 'vitest'
import { WakeSignal } from '../../src/connector/wake-signal.ts'

/** Whether a promise has settled by the next turn of the event loop. */
async function settles(promise: Promise<void>): Promise<boolean> {
  const turn = new Promise<false>((resolve) => void setImmediate(() => resolve(false)))
  return Promise.race([promise.then(() => true), turn])
}

test('a wait ends with a notification', async () => {
  const signal = new WakeSignal()
  const waits = [signal.wait(), signal.wait()]

  signal.notify()

  expect(await Promise.all(waits.map(settles))).toEqual([true, true])
})

test('a notification with nobody waiting is kept for the next wait', async () => {
  const signal = new WakeSignal()

  signal.notify()

  expect(await settles(signal.wait())).toBe(true)
})

test('a notification that was looked at is forgotten', async () => {
  const signal = new WakeSignal()

  signal.notify()
  signal.reset()

  expect(await settles(signal.wait())).toBe(false)
})
