import { describe, expect, test } from 'vitest'
import { ManualScheduler } from '../../src/testing/manual-scheduler.ts'

describe('a manual scheduler', () => {
  test('runs timers in the order of their times, and shows each its own', async () => {
    const scheduler = new ManualScheduler(1000)
    const log: string[] = []
    const note = (name: string) => () => void log.push(`${name} at ${scheduler.now()}`)
    scheduler.after(20, note('b'))
    scheduler.after(10, note('a'))
    scheduler.after(15, note('never')).cancel()

    await scheduler.advance(100)

    expect(log).toEqual(['a at 1010', 'b at 1020'])
    expect(scheduler.now()).toBe(1100)
  })

  test('goes to the next timer, but not beyond the end', async () => {
    const scheduler = new ManualScheduler(0)
    scheduler.after(20, () => {})

    expect(await scheduler.advanceToTimer(19)).toBe(false)
    expect(scheduler.now()).toBe(0)
    expect(await scheduler.advanceToTimer(20)).toBe(true)
    expect(scheduler.now()).toBe(20)
  })

  test('shows whole milliseconds, as the clock of a machine', async () => {
    const scheduler = new ManualScheduler(0)

    await scheduler.advance(1.5)

    expect([scheduler.now(), scheduler.monotonic()]).toEqual([1, 1.5])
  })

  test('gives up on what never comes to rest', async () => {
    const scheduler = new ManualScheduler()
    const again = (): void => scheduler.soon(again)
    again()

    expect(() => scheduler.runSoon()).toThrow('what the test runs never comes to rest')
  })
})
