import { describe, expect, test } from 'vitest'
import { NodeScheduler } from '../../src/platform/node-scheduler.ts'

describe('a scheduler on the event loop', () => {
  test('runs callbacks in order, and not inside the call', async () => {
    const scheduler = new NodeScheduler()
    const ran: string[] = []

    const done = new Promise<void>((resolve) => {
      scheduler.soon(() => ran.push('first'))
      scheduler.soon(() => ran.push('second'))
      scheduler.soon(resolve)
      ran.push('caller')
    })
    await done

    expect(ran).toEqual(['caller', 'first', 'second'])
  })

  test('runs a callback after its delay', async () => {
    const scheduler = new NodeScheduler()
    const ran: string[] = []

    const done = new Promise<void>((resolve) => {
      scheduler.after(5.5, () => {
        ran.push('later')
        resolve()
      })
      scheduler.after(0, () => ran.push('sooner'))
    })
    await done

    expect(ran).toEqual(['sooner', 'later'])
  })

  test('does not run what was cancelled', async () => {
    const scheduler = new NodeScheduler()
    const ran: string[] = []

    const timer = scheduler.after(0, () => ran.push('cancelled'))
    timer.cancel()
    timer.cancel()
    await new Promise<void>((resolve) => scheduler.after(2, resolve))

    expect(ran).toEqual([])
  })

  test('does not run a callback at once whose delay is longer than a timer can be', async () => {
    const scheduler = new NodeScheduler()
    const ran: string[] = []

    const timer = scheduler.after(2 ** 31, () => ran.push('a month too early'))
    await new Promise<void>((resolve) => scheduler.after(5, resolve))
    timer.cancel()

    expect(ran).toEqual([])
  })
})
