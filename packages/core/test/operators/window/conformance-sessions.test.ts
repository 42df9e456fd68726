import { countTrigger, purging } from '../../../src/operators/window/count-triggers.ts'
import {
  dynamicEventTimeSessionWindows,
  sessionEventTimeWindows,
  sessionProcessingTimeWindows,
} from '../../../src/operators/window/session-windows.ts'
import {
  continuousEventTimeTrigger,
  eventTimeTrigger,
} from '../../../src/operators/window/time-triggers.ts'
import type { WindowAssigner } from '../../../src/operators/window/window-assigner.ts'
import { testCases } from './conformance-case.ts'
import { type Item, late } from './window-run.ts'
import { bounds, type ItemWindows, listed, sums } from './windowings.ts'

const lateOut = (windows: ItemWindows): ItemWindows => windows.sideOutputLateData(late)
const session = sessionEventTimeWindows(3000)

/** A record of value 33 extends its session by nothing. */
const pointSession: WindowAssigner<Item> = {
  ...session,
  assign: (value, timestamp, context) =>
    value.value === 33
      ? [{ start: timestamp, end: timestamp }]
      : session.assign(value, timestamp, context),
}

const dynamic = dynamicEventTimeSessionWindows<Item>(({ key, value }) => {
  if (key === 'k1') return 3000
  return value === 10 ? 1000 : 2000
})

/** What C17 to C20 begin with. */
const lateness = `
  k2@1000
  WM 1999
  k2@2000
  WM 4998
  k2@4500
  k2@8500
  WM 7400
  k2@7000
  WM 11501 -> k2-5[1000,11500)@11499
  k2@11600
  WM 14600 -> k2-1[11600,14600)@14599
`

for (const [kind, results] of [['reduced', bounds] as const, ['listed', listed] as const]) {
  testCases([
    {
      name: `C03 ${kind} sessions with a gap of 3 s`,
      windows: results(session),
      script: `
        k2:1@0 k2:2@1000 k2:3@2500
        restore
        k1:1@10 k1:2@1000 k1:3@2500 k2:4@5501 k2:5@6000*2 k2:6@6050
        WM 12000 -> k1-6[10,5500)@5499 k2-6[0,5500)@5499 k2-20[5501,9050)@9049
        k2:10@15000 k2:20@15000
        WM 17999 -> k2-30[15000,18000)@17999
      `,
    },
    {
      name: `C04 ${kind} sessions that fire and purge every 4 records`,
      windows: results(session, (it) => it.trigger(purging(countTrigger(4)))),
      script: `
        k2:1@0 k2:2@1000 k2:3@2500 k2:4@3500 -> k2-10[0,6500)@6499
        k1:1@10 k1:2@1000
        restore
        k1:3@2500
        k1:1@6000 k1:2@6500 k1:3@7000
        k1:10@4500 -> k1-22[10,10000)@9999
      `,
    },
    {
      name: `C05 ${kind} sessions that fire every 2 s of event time`,
      windows: results(session, (it) => it.trigger(continuousEventTimeTrigger(2000))),
      script: `
        k1:1@1500 k2:1@0 k2:3@2500 k2:2@1000
        WM 2500 -> k1-1[1500,4500)@4499 k2-6[0,5500)@5499
        k2:5@4000
        WM 3000
        restore
        k1:2@4000 k2:4@3500
        WM 4000 -> k1-3[1500,7000)@6999 k2-15[0,7000)@6999
      `,
    },
    {
      name: `C06 ${kind} sessions whose merging is not symmetric`,
      windows: results(pointSession),
      script: `
        k2:1@0 k2:33@1000
        restore
        k2:33@2500 k1:1@10 k1:2@1000 k1:33@2500
        WM 12000 -> k1-36[10,4000)@3999 k2-67[0,3000)@2999
      `,
    },
    {
      name: `C13 ${kind} sessions with a gap of each record`,
      windows: results(dynamic),
      script: `
        k1:3@10 k2:4@5000 k2:5@6000
        WM 8999 -> k1-3[10,3010)@3009 k2-9[5000,8000)@7999
        k2:1@9000 k2:2@10000 k2:10@10500
        WM 12999 -> k2-13[9000,12000)@11999
        k2:10@13000 k2:10@13500 k2:1@14000
        WM 16999 -> k2-21[13000,16000)@15999
      `,
    },
    {
      name: `C17 a late record does not revive one of ${kind} sessions`,
      windows: results(session, lateOut),
      script: `
        ${lateness}
        k2@10000 -> late:k2:1@10000
        k2@14500
        WM 20000 -> k2-1[14500,17500)@17499
      `,
    },
    {
      name: `C18 a late record within 10 ms extends one of ${kind} sessions, purging`,
      windows: results(session, (it) =>
        lateOut(it).allowedLateness(10).trigger(purging(eventTimeTrigger())),
      ),
      script: `
        ${lateness}
        k2@10000 -> k2-1[10000,14600)@14599
        k2@14500
        WM 20000 -> k2-1[10000,17500)@17499
      `,
    },
    {
      name: `C19 a late record within 10 ms extends one of ${kind} sessions`,
      windows: results(session, (it) => lateOut(it).allowedLateness(10)),
      script: `
        ${lateness}
        k2@10000 -> k2-2[10000,14600)@14599
        k2@14500
        WM 20000 -> k2-3[10000,17500)@17499
      `,
    },
    {
      name: `C20 a late record within 10 s bridges ${kind} sessions`,
      windows: results(session, (it) => lateOut(it).allowedLateness(10_000)),
      script: `
        ${lateness}
        k2@10000 -> k2-7[1000,14600)@14599
        k2@14500
        WM 20000 -> k2-8[1000,17500)@17499
      `,
    },
    {
      name: `C24 ${kind} sessions remember after a purge that they are there`,
      windows: results(session, (it) => it.trigger(purging(countTrigger(1)))),
      script: `
        k1@0 -> k1-1[0,3000)@2999
        k1@2000 -> k1-1[0,5000)@4999
        WM 9999
        k1@4999 k2@6999
        k1@8000 -> k1-1[8000,11000)@10999
      `,
    },
  ])
}

testCases([
  {
    name: 'C12 sessions with a gap of 3 s of processing time',
    windows: sums(sessionProcessingTimeWindows(3000)),
    script: `
      PT 3
      k2
      PT 1000
      k2
      PT 5000 -> k2:2@3999
      k2*2 k1*3
      PT 10000 -> k2:2@7999 k1:3@7999
    `,
  },
])
