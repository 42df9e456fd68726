import { expect, test } from 'vitest'
import { eventually, within } from '../index.ts'

test('returns the result of the first attempt that does not throw', async () => {
  let attempts = 0

  const result = await eventually(
    'the third attempt',
    () => {
      attempts += 1
      if (attempts < 3) throw new Error('too early')
      return attempts
    },
    { intervalMs: 1 },
  )

  expect(result).toBe(3)
})

test('says what it waited for, and why the last attempt failed', async () => {
  const cause = new Error('still closed')
  const wait = eventually('the door', () => Promise.reject(cause), { timeoutMs: 5, intervalMs: 1 })

  await expect(wait).rejects.toThrow(
    expect.objectContaining({ message: 'timed out waiting for the door (5 ms)', cause }),
  )
})

test('gives an attempt up that does not end', async () => {
  const never = new Promise<never>(() => undefined)

  await expect(eventually('the end', () => never, { timeoutMs: 5 })).rejects.toThrow(
    'timed out waiting for the end (5 ms)',
  )
})

test('passes on the result or the failure of what it limits', async () => {
  await expect(within('one', 1_000, Promise.resolve(1))).resolves.toBe(1)
  await expect(within('one', 1_000, Promise.reject(new Error('no')))).rejects.toThrow('no')
})

test('limits the wait for a promise', async () => {
  const never = new Promise<never>(() => undefined)

  await expect(within('the end', 5, never)).rejects.toThrow('timed out waiting for the end (5 ms)')
})
