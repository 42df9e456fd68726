import { describe, expect, test } from 'vitest'
import {
  slidingEventTimeWindows,
  tumblingEventTimeWindows,
} from '../../../src/operators/window/aligned-windows.ts'
import { countTrigger, deltaTrigger } from '../../../src/operators/window/count-triggers.ts'
import { deltaEvictor } from '../../../src/operators/window/evictor.ts'
import { globalWindows } from '../../../src/operators/window/global-windows.ts'
import { neverTrigger } from '../../../src/operators/window/never-trigger.ts'
import { sessionEventTimeWindows } from '../../../src/operators/window/session-windows.ts'
import { continuousProcessingTimeTrigger } from '../../../src/operators/window/time-triggers.ts'
import type { Trigger } from '../../../src/operators/window/trigger.ts'
import { maxTimestampOf } from '../../../src/operators/window/window.ts'
import { valueState } from '../../../src/state/state-descriptor.ts'
import { type Item, late, play, WindowRun } from './window-run.ts'
import { addItems, bounds, listed, sums } from './windowings.ts'

const tumbling = tumblingEventTimeWindows(1000)

async function expectPlayed(run: WindowRun, script: string): Promise<void> {
  expect(await play(run, script, { restoreAlways: false })).toEqual([])
}

describe('windows', () => {
  test('begin at multiples of the size, also before 1970, moved by the offset', async () => {
    const run = new WindowRun(bounds(tumblingEventTimeWindows(1000, { offset: -300 })))

    await expectPlayed(
      run,
      `k1@-301 k1@-300 k2@699 k2@700
       WM 9999 -> k1-1[-1300,-300)@-301 k1-1[-300,700)@699 k2-1[-300,700)@699 k2-1[700,1700)@1699`,
    )
  })

  test('with a slide above the size take only some records', async () => {
    const run = new WindowRun(bounds(slidingEventTimeWindows(10, 100)))

    await expectPlayed(
      run,
      `k1@5 k1@10 k1@99 k1@109
       WM 999 -> k1-1[0,10)@9 k1-1[100,110)@109`,
    )
  })

  test('fire by their end, then by key, whatever came first', () => {
    const [forth, back] = [new WindowRun(bounds(tumbling)), new WindowRun(bounds(tumbling))]
    const items = Array.from({ length: 40 }, (_, index) => index)

    for (const index of items) forth.push({ key: `k${index % 20}`, value: 1 }, index * 50)
    for (const index of items.toReversed())
      back.push({ key: `k${index % 20}`, value: 1 }, index * 50)
    forth.watermark(5000)
    back.watermark(5000)

    const fired = forth.take()
    expect(fired).toHaveLength(41)
    expect(back.take()).toEqual(fired)
    expect(fired.slice(0, 20).every((text) => text.endsWith('@999'))).toBe(true)
  })

  test('keep nothing when they are over', () => {
    const run = new WindowRun(sums(slidingEventTimeWindows(1000, 100)))
    for (let at = 0; at < 2000; at += 7) run.push({ key: `k${at % 9}`, value: 1 }, at)

    run.watermark(2898)
    expect(run.entryCount).toBeGreaterThan(0)
    run.watermark(2899)

    expect(run.entryCount).toBe(0)
  })

  test('of all time keep nothing while they are empty', () => {
    const run = new WindowRun((keyed) => keyed.countWindow(2).reduce('windows', addItems))

    run.push({ key: 'k1', value: 1 })
    expect(run.entryCount).toBe(1)
    run.push({ key: 'k1', value: 1 })

    expect(run.entryCount).toBe(0)
  })

  test('of the last records slide', async () => {
    const run = new WindowRun((keyed) => keyed.countWindow(3, 2).reduce('windows', addItems))

    await expectPlayed(
      run,
      `k1:1
       k1:2 -> k1:3@MAX
       k1:3
       k1:4 -> k1:9@MAX`,
    )
  })

  test('without a trigger that fires give nothing', async () => {
    const run = new WindowRun(sums(tumbling, (it) => it.trigger(neverTrigger())))

    await expectPlayed(run, 'k1@1 k1@2\nWM 5000\nWM MAX')

    expect(run.entryCount).toBe(0)
  })

  test('count the records that are late for all of them', () => {
    const run = new WindowRun(sums(tumbling))
    run.push({ key: 'k1', value: 1 }, 500)
    run.watermark(999)

    run.push({ key: 'k1', value: 1 }, 500)
    run.push({ key: 'k1', value: 1 }, 1000)

    expect(run.metric('lateRecordsDropped')).toBe(1)
  })

  test('do not forget after a restore which records are late, nor go back in time', async () => {
    const run = new WindowRun(sums(tumbling, (it) => it.sideOutputLateData(late)))

    await expectPlayed(
      run,
      `WM 5000
       restore
       k1@4000 -> late:k1:1@4000
       WM 100
       k1@4001 k1@5500 -> late:k1:1@4001
       WM 5999 -> k1:1@5999`,
    )
  })
})

describe('triggers', () => {
  test('of a difference compare with the record that fired last', async () => {
    const delta = deltaTrigger<Item>(5, (last, { value }) => value - last.value)
    const run = new WindowRun(sums(globalWindows(), (it) => it.trigger(delta)))

    await expectPlayed(
      run,
      `k1:10 k1:15
       restore
       k1:16 -> k1:41@MAX
       k1:21
       k1:22 -> k1:84@MAX`,
    )
  })

  test('that go by the clock fire at multiples, and once for all that were missed', async () => {
    const run = new WindowRun(
      sums(globalWindows(), (it) => it.trigger(continuousProcessingTimeTrigger(100))),
    )
    await run.processingTime(50)
    run.push({ key: 'k1', value: 1 })
    await run.processingTime(99)
    expect(run.take()).toEqual([])

    await run.processingTime(100)
    expect(run.take()).toEqual(['k1:1@MAX'])
    run.scheduler.pass(1000)
    await run.processingTime(1150)
    expect(run.take()).toEqual(['k1:1@MAX'])
    await run.processingTime(1200)
    expect(run.take()).toEqual(['k1:1@MAX'])
  })

  test('of users get their timers, keep what they remember, and end with the window', async () => {
    const calls: string[] = []
    const trigger: Trigger<Item, number> = {
      name: 'own',
      onElement: ({ value }, _timestamp, window, context) => {
        context.state = (context.state ?? 0) + value
        context.timers.registerEventTime(window.start + 10)
        context.timers.registerEventTime(window.start + 20)
        context.timers.deleteEventTime(window.start + 10)
        context.timers.registerProcessingTime(77)
        return value === 2 ? 'purge' : 'continue'
      },
      onEventTime: (timestamp, window, context) => {
        calls.push(`${timestamp} at ${context.watermark} with ${context.state}`)
        return timestamp === maxTimestampOf(window) ? 'continue' : 'fire'
      },
      onProcessingTime: (timestamp, _window, context) => {
        calls.push(`${timestamp} at ${context.processingTime} with ${context.state}`)
        return 'fire'
      },
      clear: (window, context) => void calls.push(`clear ${window.start} with ${context.state}`),
    }
    const run = new WindowRun(sums(tumbling, (it) => it.trigger(trigger)))

    await expectPlayed(
      run,
      `k1:1@5 k1:3@6
       restore
       PT 80 -> k1:4@999
       WM 25 -> k1:4@999
       k1:2@7
       WM 30
       WM 2000`,
    )

    expect(calls).toEqual([
      '77 at 80 with 4',
      '20 at 25 with 4',
      '20 at 30 with 6',
      '999 at 2000 with 6',
      'clear 0 with 6',
    ])
  })

  test('are told of merging with what was remembered, before the old windows go', () => {
    const calls: string[] = []
    const trigger: Trigger<Item, number> = {
      name: 'own',
      onEventTime: () => 'continue',
      onProcessingTime: () => 'continue',
      onElement: ({ value }, _timestamp, window, context) => {
        calls.push(`element ${value} in ${window.start}-${window.end}`)
        context.state = (context.state ?? 0) + value
        return 'continue'
      },
      onMerge: (window, states, context) => {
        calls.push(`merge ${states.join(' ')} into ${window.start}-${window.end}`)
        context.state = states.reduce((sum, state) => sum + state, 0)
      },
      clear: (window, context) => {
        calls.push(`clear ${window.start}-${window.end} with ${context.state}`)
      },
    }
    const run = new WindowRun(sums(sessionEventTimeWindows(10), (it) => it.trigger(trigger)))

    run.push({ key: 'k1', value: 1 }, 0)
    run.push({ key: 'k1', value: 2 }, 18)
    run.push({ key: 'k1', value: 3 }, 9)
    run.push({ key: 'k1', value: 4 }, 12)
    run.watermark(50)

    expect(calls).toEqual([
      'element 1 in 0-10',
      'element 2 in 18-28',
      'merge 1 2 into 0-28',
      'clear 0-10 with 1',
      'clear 18-28 with 2',
      'element 3 in 0-28',
      'element 4 in 0-28',
      'clear 0-28 with 10',
    ])
  })
})

test('an evictor of a difference compares with the last record', async () => {
  const far = deltaEvictor<Item>(10, ({ value }, last) => Math.abs(value - last.value))
  const run = new WindowRun(
    listed(globalWindows(), (it) => it.trigger(countTrigger(3)).evictor(far)),
  )

  await expectPlayed(
    run,
    `k1:1 k1:20 k1:15 -> k1-35[-Infinity,Infinity)@MAX
     k1:5 k1:6 k1:7 -> k1-33[-Infinity,Infinity)@MAX`,
  )
})

describe('the function of a window', () => {
  test('keeps values for the window, and states for the key, until the window ends', async () => {
    const run = new WindowRun((keyed) =>
      keyed
        .window(tumbling)
        .allowedLateness(1000)
        .reduce('windows', addItems, {
          window: {
            state: { fired: valueState<number>() },
            windowState: valueState<number>(),
            *process({ key, windowState, globalState, watermark }, { value }) {
              windowState.set((windowState.get() ?? 0) + 1)
              globalState.fired.set((globalState.fired.get() ?? 0) + 1)
              yield `${key}:${value}/${windowState.get()}/${globalState.fired.get()}@${watermark}`
            },
            clear({ globalState }) {
              globalState.fired.set((globalState.fired.get() ?? 0) + 100)
            },
          },
        }),
    )

    await expectPlayed(
      run,
      `k1@1 k1@1001
       WM 999 -> k1:1/1/1@999@999
       restore
       k1@2 -> k1:2/2/2@999@999
       WM 1999 -> k1:1/1/103@1999@1999`,
    )
  })

  test('emits to side outputs with the last millisecond of the window', () => {
    const run = new WindowRun((keyed) =>
      keyed.window(tumbling).process('windows', {
        process: (context, items) => {
          for (const item of items) context.output(late, item)
        },
      }),
    )
    run.push({ key: 'k1', value: 3 }, 1)

    run.watermark(1000)

    expect(run.take()).toEqual(['WM 1000', 'late:k1:3@999'])
  })

  test('gets records that do not change when the window goes on', () => {
    const seen: (readonly Item[])[] = []
    const run = new WindowRun((keyed) =>
      keyed
        .window(globalWindows())
        .trigger(countTrigger(1))
        .process('windows', { process: (_context, items) => void seen.push(items) }),
    )

    run.push({ key: 'k1', value: 1 })
    run.push({ key: 'k1', value: 2 })

    expect(seen.map((items) => items.length)).toEqual([1, 2])
  })
})

describe('while the output is full', () => {
  test('firing pauses after each result, ends windows after it, and holds the watermark', () => {
    const ended: string[] = []
    const run = new WindowRun((keyed) =>
      keyed.window(tumbling).process('windows', {
        *process({ key, window }, items) {
          yield `${key} ${window.start} ${items.length}`
          ended.push(`emitted ${key} ${window.start}`)
        },
        clear: ({ key, window }) => void ended.push(`ended ${key} ${window.start}`),
      }),
    )
    const items = ['k1', 'k2', 'k3']
    for (const key of items) for (const at of [0, 1000]) run.push({ key, value: 1 }, at)

    const counts = drain(run, () => run.watermark(5000))

    expect(counts).toEqual([1, 1, 1, 1, 1, 1, 1])
    expect(ended).toHaveLength(12)
    const pairs = ended.filter((_, index) => index % 2 === 0)
    expect(ended.filter((_, index) => index % 2 === 1)).toEqual(
      pairs.map((text) => text.replace('emitted', 'ended')),
    )
  })

  test('a record pauses between the windows that it fires', () => {
    const run = new WindowRun(
      sums(slidingEventTimeWindows(30, 10), (it) => it.trigger(countTrigger(1))),
    )

    const counts = drain(run, () => run.push({ key: 'k1', value: 1 }, 25))

    expect(counts).toEqual([1, 1, 1])
  })
})

/** How many elements come out, each time that the output takes one. */
function drain(run: WindowRun, start: () => void): number[] {
  const { flow, output } = run
  output.onRecord = () => flow.channelFull(true)
  start()
  const counts = [run.take().length]
  while (flow.unfinished) {
    flow.channelFull(false)
    flow.resume()
    counts.push(run.take().length)
  }
  return counts
}
