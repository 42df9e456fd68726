import { describe, expect, test } from 'vitest'
import type { InputStatus } from '../../src/connector/source-reader.ts'
import { FlowControl } from '../../src/network/flow-control.ts'
import { drainMicrotasks } from '../../src/platform/drain-microtasks.ts'
import { SourceInput } from '../../src/task/source-input.ts'
import { barrierOf } from '../operators/fixtures.ts'

/** An input whose reader answers with `statuses`, one for each poll, the last for ever. */
function inputOf(...statuses: readonly InputStatus[]): {
  input: SourceInput
  flow: FlowControl
  log: string[]
  available: PromiseWithResolvers<void>
} {
  const log: string[] = []
  const flow = new FlowControl()
  const available = Promise.withResolvers<void>()
  let polls = 0
  const input = new SourceInput({
    source: {
      poll: (recordsMax) => {
        log.push(`poll ${recordsMax}`)
        const status = statuses[Math.min(polls, statuses.length - 1)] ?? 'nothing-available'
        polls += 1
        return { status, records: 1 }
      },
      available: () => {
        log.push('wait')
        return available.promise
      },
    },
    flow,
    listener: {
      barrierReceived: ({ checkpointId }) => void log.push(`checkpoint ${checkpointId}`),
      recordsProcessed: () => {},
    },
    onAvailable: () => void log.push('available'),
  })
  return { input, flow, log, available }
}

describe('the input of a task with a source', () => {
  test('polls as long as there is more', () => {
    const { input, log } = inputOf('more-available', 'nothing-available')

    const steps = [input.step(7), input.step(7)]

    expect(steps).toEqual(['more', 'nothing'])
    expect(log).toEqual(['poll 7', 'poll 7', 'wait'])
  })

  test('waits once until the reader has something, and says so', async () => {
    const { input, log, available } = inputOf('nothing-available')
    input.step(7)
    input.step(7)

    available.resolve()
    await drainMicrotasks()
    input.step(7)

    expect(log).toEqual(['poll 7', 'wait', 'poll 7', 'available', 'poll 7', 'wait'])
  })

  test('takes a checkpoint before the next record', () => {
    const { input, log } = inputOf('more-available')
    input.trigger(barrierOf(3))

    input.step(7)

    expect(log).toEqual(['checkpoint 3', 'poll 7'])
    expect(input.triggered).toBe(false)
  })

  test('takes a checkpoint although an output is full', () => {
    const { input, flow, log } = inputOf('more-available')
    flow.channelFull(true)
    input.trigger(barrierOf(3))

    const step = input.step(7)

    expect(step).toBe('halted')
    expect(log).toEqual(['checkpoint 3'])
  })

  test('takes no checkpoint while something is unfinished in the chain', () => {
    const { input, flow, log } = inputOf('more-available')
    flow.suspend({ resume: () => {} })
    input.trigger(barrierOf(3))

    const step = input.step(7)
    const triggered = input.triggered
    flow.resume()
    input.step(7)

    expect(step).toBe('halted')
    expect(triggered).toBe(true)
    expect(log).toEqual(['checkpoint 3', 'poll 7'])
  })

  test('ignores triggers that are repeated or outdated', () => {
    const { input, log } = inputOf('nothing-available')

    for (const checkpointId of [3, 3, 2, 4]) {
      input.trigger(barrierOf(checkpointId))
      input.step(7)
    }

    expect(log.filter((entry) => entry.startsWith('checkpoint'))).toEqual([
      'checkpoint 3',
      'checkpoint 4',
    ])
  })

  test('reads nothing after the barrier of a stop, but takes further checkpoints', () => {
    const { input, log } = inputOf('more-available')
    input.trigger(barrierOf(3, 'stop'))

    const steps = [input.step(7), input.step(7)]
    input.trigger(barrierOf(4, 'stop'))
    steps.push(input.step(7))

    expect(steps).toEqual(['nothing', 'nothing', 'nothing'])
    expect(log).toEqual(['checkpoint 3', 'checkpoint 4'])
  })

  test('ends after the last record has left the chain, and polls no more', () => {
    const { input, flow, log } = inputOf('end-of-input')

    const last = input.step(7)
    flow.suspend({ resume: () => {} })
    const halted = input.step(7)
    flow.resume()
    const steps = [input.step(7), input.step(7)]

    expect([last, halted, ...steps]).toEqual(['more', 'halted', 'ended', 'ended'])
    expect(log).toEqual(['poll 7'])
  })

  test('takes checkpoints after its end', () => {
    const { input, log } = inputOf('end-of-input')
    input.step(7)
    input.step(7)
    input.trigger(barrierOf(3, 'final'))

    const step = input.step(7)

    expect(step).toBe('ended')
    expect(log).toEqual(['poll 7', 'checkpoint 3'])
  })
})
