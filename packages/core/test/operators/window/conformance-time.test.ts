import {
  slidingEventTimeWindows,
  slidingProcessingTimeWindows,
  tumblingEventTimeWindows,
  tumblingProcessingTimeWindows,
} from '../../../src/operators/window/aligned-windows.ts'
import { countTrigger, purging } from '../../../src/operators/window/count-triggers.ts'
import { countEvictor, timeEvictor } from '../../../src/operators/window/evictor.ts'
import { globalWindows } from '../../../src/operators/window/global-windows.ts'
import {
  continuousEventTimeTrigger,
  endOfStreamTrigger,
  eventTimeTrigger,
} from '../../../src/operators/window/time-triggers.ts'
import type { Trigger } from '../../../src/operators/window/trigger.ts'
import { maxTimestampOf } from '../../../src/operators/window/window.ts'
import { eightItems, testCases } from './conformance-case.ts'
import { type Item, late } from './window-run.ts'
import { type ItemWindows, sums } from './windowings.ts'

/** A timer at 30 for each window. */
const atThirty: Trigger<Item> = {
  name: 'atThirty',
  onElement: (_item, _timestamp, _window, { timers }) => {
    timers.registerEventTime(30)
    timers.registerEventTime(30)
    return 'continue'
  },
  onEventTime: (timestamp) => (timestamp === 30 ? 'fire' : 'continue'),
  onProcessingTime: () => 'continue',
}

/** Fires with every second record, and at the end of the window. */
const everyTwo = countTrigger(2)
const atEndAndEveryTwo: Trigger<unknown, number> = {
  ...everyTwo,
  onElement: (item, timestamp, window, context) => {
    context.timers.registerEventTime(maxTimestampOf(window))
    return everyTwo.onElement(item, timestamp, window, context)
  },
  onEventTime: (timestamp, window) => (timestamp === maxTimestampOf(window) ? 'fire' : 'continue'),
}

const lateOut = (windows: ItemWindows): ItemWindows => windows.sideOutputLateData(late)

testCases([
  {
    name: 'C01 tumbling windows of 3 s',
    windows: sums(tumblingEventTimeWindows(3000)),
    script: `
      ${eightItems}
      WM 999
      WM 1999
      restore
      WM 2999 -> k1:3@2999 k2:3@2999
      WM 3999
      WM 4999
      WM 5999 -> k2:2@5999
      WM 6999
      WM 7999
    `,
  },
  {
    name: 'C02 sliding windows of 3 s every second',
    windows: sums(slidingEventTimeWindows(3000, 1000)),
    script: `
      ${eightItems}
      WM 999 -> k1:3@999
      WM 1999 -> k1:3@1999 k2:3@1999
      WM 2999 -> k1:3@2999 k2:3@2999
      restore
      WM 3999 -> k2:5@3999
      WM 4999 -> k2:2@4999
      WM 5999 -> k2:2@5999
      WM 6999
      WM 7999
    `,
  },
  {
    name: 'C33 a timer of each window for each key, all at one time',
    windows: sums(slidingEventTimeWindows(40, 20), (it) => it.trigger(atThirty)),
    script: `
      k1@25 k2@25
      WM 29
      WM 30 -> k1:1@39 k1:1@59 k2:1@39 k2:1@59
      WM 31
      WM 99
    `,
  },
  {
    name: 'C07 a global window that fires every 3 s of event time',
    windows: sums(globalWindows(), (it) => it.trigger(continuousEventTimeTrigger(3000))),
    script: `
      ${eightItems}
      WM 1000
      WM 2000
      WM 3000 -> k1:3@MAX
      WM 4000
      WM 5000
      WM 6000 -> k1:3@MAX k2:5@MAX
      WM 7000
      WM 8000
      WM MAX -> k1:3@MAX k2:5@MAX
    `,
  },
  {
    name: 'C08 a global window that fires and purges every 4 records',
    windows: sums(globalWindows(), (it) => it.trigger(purging(countTrigger(4)))),
    script: `
      k2@3000 k2@3999 k1@20 k1@0 k1@999 k2@1998
      restore
      k2@1000 -> k2:4@MAX
      k1@10999 k2@1000*3 -> k1:4@MAX
      k2@1000 -> k2:4@MAX
    `,
  },
  {
    name: 'C08 the same by its own name',
    windows: (keyed) =>
      keyed
        .countWindow(4)
        .reduce('windows', (a, b) => ({ key: a.key, value: a.value + b.value }))
        .map((sum): unknown => sum),
    script: `
      k1*3 k2
      k1 k1*3 -> k1:4@MAX
      k1 -> k1:4@MAX
    `,
  },
  {
    name: 'C09 a global window that fires at the end of the input',
    windows: sums(globalWindows(), (it) => it.trigger(endOfStreamTrigger())),
    script: `
      ${eightItems}
      WM 99999
      WM MAX -> k1:3@MAX k2:5@MAX
    `,
  },
  {
    name: 'C10 tumbling windows of 3 s of processing time',
    windows: sums(tumblingProcessingTimeWindows(3000)),
    script: `
      PT 3
      k2*3 k1*2
      PT 5000 -> k2:3@2999 k1:2@2999
      k1*3
      PT 7000 -> k1:3@5999
    `,
  },
  {
    name: 'C11 sliding windows of 3 s every second of processing time',
    windows: sums(slidingProcessingTimeWindows(3000, 1000)),
    script: `
      PT 3
      k2
      PT 1000 -> k2:1@999
      k2*2
      PT 2000 -> k2:3@1999
      k1*2
      PT 3000 -> k2:3@2999 k1:2@2999
      k1*3
      PT 7000 -> k2:2@3999 k1:5@3999 k1:5@4999 k1:3@5999
    `,
  },
  {
    name: 'C14 an allowed lateness of 500 ms, purging',
    windows: sums(tumblingEventTimeWindows(2000), (it) =>
      lateOut(it).trigger(purging(eventTimeTrigger())).allowedLateness(500),
    ),
    script: `
      k2@500
      WM 1500
      k2@1300
      WM 2300 -> k2:2@1999
      k2@1997 -> k2:1@1999
      WM 6000
      k2@1998 -> late:k2:1@1998
      WM 7000
    `,
  },
  {
    name: 'C15 a side output of late records',
    windows: sums(tumblingEventTimeWindows(2000), lateOut),
    script: `
      k2@1000
      WM 1985
      k2@1980
      WM 1999 -> k2:2@1999
      k2@1998 -> late:k2:1@1998
      k2@2001
      WM 2999
      WM 3999 -> k2:1@3999
    `,
  },
  {
    name: 'C16 a record that is late for some of its windows only is not late',
    windows: sums(slidingEventTimeWindows(3000, 1000), lateOut),
    script: `
      k2@1000
      WM 1999 -> k2:1@1999
      k2@2000
      WM 3000 -> k2:2@2999
      k1@3001 k2@2400*2 k1@3001 k2@3900
      WM 6000 -> k2:5@3999 k1:2@3999 k2:4@4999 k1:2@4999 k2:1@5999 k1:2@5999
      k1@3001 -> late:k1:1@3001
      WM 25000
    `,
  },
  {
    name: 'C21 a window whose lateness goes beyond the last time there is',
    windows: sums(tumblingEventTimeWindows(1000), (it) => it.allowedLateness(2000)),
    script: `
      k2@${Number.MAX_SAFE_INTEGER - 1750}
      WM ${Number.MAX_SAFE_INTEGER - 1500}
      WM 9007199254739999 -> k2:1@9007199254739999
      WM MAX
    `,
  },
  {
    name: 'C24 a purged window does not fire, and ends all the same',
    windows: sums(tumblingEventTimeWindows(2000), (it) =>
      lateOut(it).trigger(purging(atEndAndEveryTwo)).allowedLateness(500),
    ),
    script: `
      k1@100*2 -> k1:2@1999
      k2@100
      WM 1999 -> k2:1@1999
      WM 2498
      k1@150*2 -> k1:2@1999
      WM 2499
      k1@150 -> late:k1:1@150
      WM MAX
    `,
  },
  {
    name: 'C22 the last 4 records, every 2 records',
    windows: sums(globalWindows(), (it) =>
      it.trigger(countTrigger(2)).evictor(countEvictor(4, { evict: 'after' })),
    ),
    script: `
      k2@3000 k2@3999 k1@20 k1@0 k1@999 k2@1998 k2@1999 k2@1000 -> k2:2@MAX k2:4@MAX k1:2@MAX
      k1@10999 k2@1000 -> k1:4@MAX k2:6@MAX
      k2@1000*2 -> k2:6@MAX
    `,
  },
  {
    name: 'C23 the records of the last 2 s of a window, every 2 records',
    windows: sums(tumblingEventTimeWindows(4000), (it) =>
      it.trigger(countTrigger(2)).evictor(timeEvictor(2000)),
    ),
    script: `
      k2@1000 k2@3999 k1@20 k1@0 k1@999 -> k2:1@3999 k1:2@3999
      k1@5999 k2@3500 k2@2001 k2@1001 -> k2:3@3999
      k1@6500 k2@1002 -> k1:2@7999 k2:3@3999
    `,
  },
])
