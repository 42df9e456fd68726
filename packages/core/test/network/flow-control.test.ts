import { describe, expect, test } from 'vitest'
import { FlowControl, type Resumable } from '../../src/network/flow-control.ts'
import { drainMicrotasks } from '../../src/platform/drain-microtasks.ts'

function flowOf(): { flow: FlowControl; calls: string[] } {
  const flow = new FlowControl()
  const calls: string[] = []
  flow.onRelease = () => void calls.push('released')
  flow.onFailure = (cause) => void calls.push(`failed: ${String(cause)}`)
  return { flow, calls }
}

function emission(name: string, calls: string[], then: () => void = () => {}): Resumable {
  return {
    resume: () => {
      calls.push(name)
      then()
    },
  }
}

describe('the flow control of a chain', () => {
  test('halts while any output channel is full', () => {
    const { flow, calls } = flowOf()

    flow.channelFull(true)
    flow.channelFull(true)
    flow.channelFull(false)
    const oneFull = { halted: flow.halted, calls: [...calls] }
    flow.channelFull(false)

    expect(oneFull).toEqual({ halted: true, calls: [] })
    expect(flow.halted).toBe(false)
    expect(calls).toEqual(['released'])
  })

  test('is blocked by a full channel, but not unfinished: a barrier may pass', () => {
    const { flow } = flowOf()

    flow.channelFull(true)

    expect(flow.blocked).toBe(true)
    expect(flow.unfinished).toBe(false)
  })

  test('halts and lets no barrier pass until a write settles', async () => {
    const { flow, calls } = flowOf()
    const write = Promise.withResolvers<void>()

    flow.waitFor(write.promise)
    const during = { halted: flow.halted, unfinished: flow.unfinished }
    write.resolve()
    await drainMicrotasks()

    expect(during).toEqual({ halted: true, unfinished: true })
    expect(flow.halted).toBe(false)
    expect(flow.unfinished).toBe(false)
    expect(calls).toEqual(['released'])
  })

  test('tells of a write that failed, and stays halted for good', async () => {
    const { flow, calls } = flowOf()

    flow.waitFor(Promise.reject(new Error('disk full')))
    await drainMicrotasks()

    expect(calls).toEqual(['failed: Error: disk full'])
    expect(flow.halted).toBe(true)
  })

  test('resumes what is suspended in its order, innermost first', () => {
    const { flow, calls } = flowOf()
    flow.suspend(emission('inner', calls))
    flow.suspend(emission('outer', calls))

    flow.resume()

    expect(calls).toEqual(['inner', 'outer'])
    expect(flow.halted).toBe(false)
    expect(flow.unfinished).toBe(false)
  })

  test('keeps what was suspended behind what suspends itself again', () => {
    const { flow, calls } = flowOf()
    const inner = emission('inner', calls, () => {
      if (calls.length === 1) flow.suspend(inner)
    })
    flow.suspend(inner)
    flow.suspend(emission('outer', calls))

    flow.resume()
    const first = [...calls]
    flow.resume()

    expect(first).toEqual(['inner'])
    expect(calls).toEqual(['inner', 'inner', 'outer'])
  })

  test('stops resuming when an output turns full, and keeps the rest', () => {
    const { flow, calls } = flowOf()
    flow.suspend(emission('inner', calls, () => flow.channelFull(true)))
    flow.suspend(emission('outer', calls))

    flow.resume()
    flow.resume()
    const whileFull = [...calls]
    flow.channelFull(false)
    flow.resume()

    expect(whileFull).toEqual(['inner'])
    expect(calls).toEqual(['inner', 'released', 'outer'])
  })

  test('wakes the task once a write is done although something is still suspended', async () => {
    const { flow, calls } = flowOf()
    const write = Promise.withResolvers<void>()
    flow.waitFor(write.promise)
    flow.suspend(emission('rest', calls))

    write.resolve()
    await drainMicrotasks()

    expect(calls).toEqual(['released'])
    expect(flow.halted).toBe(true)
  })
})
