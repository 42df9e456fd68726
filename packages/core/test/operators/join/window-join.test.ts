import { describe, expect, test } from 'vitest'
import type { DataStream } from '../../../src/api/data-stream.ts'
import type { WindowedJoin, WindowJoin } from '../../../src/api/window-join.ts'
import type { WindowJoinRecord } from '../../../src/operators/join/window-join-function.ts'
import { type OutputTag, outputTag } from '../../../src/common/output-tag.ts'
import {
  slidingEventTimeWindows,
  tumblingEventTimeWindows,
} from '../../../src/operators/window/aligned-windows.ts'
import { countTrigger, purging } from '../../../src/operators/window/count-triggers.ts'
import { countEvictor } from '../../../src/operators/window/evictor.ts'
import { globalWindows } from '../../../src/operators/window/global-windows.ts'
import {
  dynamicEventTimeSessionWindows,
  sessionEventTimeWindows,
} from '../../../src/operators/window/session-windows.ts'
import { type HarnessOptions, twoInputHarness } from '../../../src/testing/operator-harness.ts'
import { errorWith } from '../../matchers.ts'
import { feedJoin, type Item, type JoinHarness, takeTimed } from './join-run.ts'

type Joining = (join: ItemJoin) => DataStream<string, 'exactly-once'>
type ItemJoin = WindowJoin<Item, Item, string, 'exactly-once'>
type ItemWindows = WindowedJoin<Item, Item, string, 'exactly-once'>

const late: OutputTag<WindowJoinRecord<Item, Item>> = outputTag('late')

function harnessOf(joining: Joining, options: HarnessOptions = {}): Promise<JoinHarness> {
  return twoInputHarness<Item, Item, string>(
    (left, right) =>
      joining(left.keyBy(({ key }) => key).windowJoin(right.keyBy(({ key }) => key))),
    options,
  )
}

/** Each pair: `a12` of the left record of key a at 1 and the right one at 2. */
function pairs(windows: ItemWindows): DataStream<string, 'exactly-once'> {
  return windows.process('join', (left, right, { key }) => [`${key}${left.time}${right.time}`])
}

/** `a[0,3)01+2`: the left records of the window at 0 and 1, and the right one at 2. */
function groups(windows: ItemWindows): DataStream<string, 'exactly-once'> {
  return windows.coGroup('join', (left, right, { key, window }) => {
    const times = [left, right].map((items) => items.map(({ time }) => time).join(''))
    return [`${key}[${window.start},${window.end})${times.join('+')}`]
  })
}

interface Case {
  readonly name: string
  readonly joining: Joining
  /** See `feedJoin`. */
  readonly steps: string
  /** In any order. */
  readonly results: string
  /** Of late records: side, key and time. */
  readonly lateRecords?: string
}

const tumbling = tumblingEventTimeWindows(3)

/** Two streams that Flink's own tests join, with a third key that only the right one has. */
const joined = `
  L0a L1a L2a L3b L4b L5b L6a L7a L8a
  R0a R1a R3b R6c R7c R8c
  WM2 WM5 WM8
`
const cases: readonly Case[] = [
  {
    name: 'pairs of tumbling windows',
    joining: (join) => pairs(join.window(tumbling)),
    steps: joined,
    results: 'a00@2 a01@2 a10@2 a11@2 a20@2 a21@2 b33@5 b43@5 b53@5',
  },
  {
    name: 'groups of tumbling windows, also of one side',
    joining: (join) => groups(join.window(tumbling)),
    steps: joined,
    results: 'a[0,3)012+01@2 b[3,6)345+3@5 a[6,9)678+@8 c[6,9)+678@8',
  },
  {
    name: 'groups of tumbling windows, when the smaller watermark allows it',
    joining: (join) => groups(join.window(tumbling)),
    steps: 'L0a WML9 R1a L2a WMR1 R2a WMR5',
    results: 'a[0,3)02+12@2',
  },
  {
    name: 'pairs of sliding windows, one for each window that has both',
    joining: (join) => pairs(join.window(slidingEventTimeWindows(4, 2))),
    steps: 'L0a L3a R1a R5a WM9',
    results: 'a01@1 a01@3 a31@3 a35@5',
  },
  {
    name: 'groups of sessions, which records of both sides make and merge',
    joining: (join) => groups(join.window(sessionEventTimeWindows(2))),
    steps: 'L0a R4a L9a R2a WM5 R8a L9b WM20',
    results: 'a[0,6)0+42@5 a[8,11)9+8@10 b[9,11)9+@10',
  },
  {
    name: 'groups of sessions whose gap depends on the side',
    joining: (join) =>
      groups(join.window(dynamicEventTimeSessionWindows(({ side }) => (side === 'left' ? 5 : 1)))),
    steps: 'L0a R4a R9a WM20',
    results: 'a[0,5)0+4@4 a[9,10)+9@9',
  },
  {
    name: 'groups of a global window, every three records, which it forgets',
    joining: (join) => groups(join.window(globalWindows()).trigger(purging(countTrigger(3)))),
    steps: 'L0a R1a L2b L3a R4a R5a',
    results: 'a[-Infinity,Infinity)03+1@Infinity',
  },
  {
    name: 'groups of the last three records of both sides',
    joining: (join) => groups(join.window(tumbling).evictor(countEvictor(3))),
    steps: 'L0a R0a R1a L1a R2a WM2',
    results: 'a[0,3)1+12@2',
  },
  {
    name: 'all pairs again for a late record, and those behind the lateness by their side',
    joining: (join) => pairs(join.window(tumbling).allowedLateness(2).sideOutputLateData(late)),
    steps: 'L0a R1a WM2 R2a WM4 L1a R2b WM9',
    results: 'a01@2 a01@2 a02@2',
    lateRecords: 'left:a1 right:b2',
  },
]

describe.each(cases)('a window join gives $name', (of) => {
  test.each([false, true])('restored after every step: %s', async (restoring) => {
    const results: string[] = []
    const lateRecords: string[] = []

    await feedJoin((options) => harnessOf(of.joining, options), wordsOf(of.steps), {
      restoring,
      onStep: (join) => {
        results.push(...takeTimed(join))
        for (const { side, value } of join.takeSide(late)) {
          lateRecords.push(`${side}:${value.key}${value.time}`)
        }
      },
    })

    expect(results.toSorted()).toEqual(wordsOf(of.results).toSorted())
    expect(lateRecords).toEqual(wordsOf(of.lateRecords ?? ''))
  })
})

test('results come before the watermark that made them', async () => {
  const join = await harnessOf((it) => groups(it.window(tumbling)))
  join.push(0, { side: 'L', time: 1, key: 'a' }, 1)

  join.watermark(0, 5)
  join.watermark(1, 4)

  expect(join.take()).toEqual([
    { type: 'record', value: 'a[0,3)1+', timestamp: 2 },
    { type: 'watermark', timestamp: 4 },
  ])
})

test('a record without a timestamp fails the join, with its side', async () => {
  const join = await harnessOf((it) => pairs(it.window(tumbling)))

  expect(() => join.push(1, { side: 'R', time: 0, key: 'a' })).toThrow(
    errorWith('FLINKTS_TIMESTAMP_MISSING'),
  )
})

test.each(['pair', 'group'])('a function that throws for a %s fails the job', async (of) => {
  const fail = (): never => {
    throw new Error('no')
  }
  const join = await harnessOf((it) =>
    of === 'pair'
      ? it.window(tumbling).process('join', fail)
      : it.window(tumbling).coGroup('join', fail),
  )
  join.push(0, { side: 'L', time: 1, key: 'a' }, 1)
  join.push(1, { side: 'R', time: 1, key: 'a' }, 1)
  join.watermark(0, 5)

  expect(() => join.watermark(1, 5)).toThrow(errorWith('FLINKTS_USER_FUNCTION_FAILED'))
})

function wordsOf(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== '')
}
