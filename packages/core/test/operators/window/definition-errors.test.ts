import { describe, expect, test } from 'vitest'
import type { ErrorCode } from '../../../src/common/errors.ts'
import {
  slidingEventTimeWindows,
  tumblingEventTimeWindows,
  tumblingProcessingTimeWindows,
} from '../../../src/operators/window/aligned-windows.ts'
import {
  countTrigger,
  deltaTrigger,
  purging,
} from '../../../src/operators/window/count-triggers.ts'
import { countEvictor, timeEvictor } from '../../../src/operators/window/evictor.ts'
import { globalWindows } from '../../../src/operators/window/global-windows.ts'
import {
  dynamicEventTimeSessionWindows,
  sessionEventTimeWindows,
  sessionProcessingTimeWindows,
} from '../../../src/operators/window/session-windows.ts'
import {
  continuousEventTimeTrigger,
  continuousProcessingTimeTrigger,
} from '../../../src/operators/window/time-triggers.ts'
import type { WindowAssigner } from '../../../src/operators/window/window-assigner.ts'
import { valueState } from '../../../src/state/state-descriptor.ts'
import { errorWith } from '../../matchers.ts'
import { definitionOf, type Item, type Keyed, WindowRun } from './window-run.ts'
import { sums } from './windowings.ts'

const delta = deltaTrigger<Item>(1, (last, { value }) => value - last.value)

const wrongOptions: readonly (readonly [string, () => unknown])[] = [
  ['a size of 0', () => tumblingEventTimeWindows(0)],
  ['a negative size', () => tumblingProcessingTimeWindows(-1)],
  ['an endless size', () => tumblingEventTimeWindows(Infinity)],
  ['a slide of 0', () => slidingEventTimeWindows(1000, 0)],
  ['an offset of the size', () => tumblingEventTimeWindows(1000, { offset: 1000 })],
  ['an offset below minus the slide', () => slidingEventTimeWindows(9000, 1000, { offset: -1001 })],
  ['an offset that is no number', () => tumblingEventTimeWindows(1000, { offset: Number.NaN })],
  ['a gap of 0', () => sessionEventTimeWindows(0)],
  ['a negative gap', () => sessionProcessingTimeWindows(-5)],
  ['a count of 0', () => countTrigger(0)],
  ['half a record', () => countEvictor(1.5)],
  ['an interval of 0', () => continuousEventTimeTrigger(0)],
  ['an interval that is no number', () => continuousProcessingTimeTrigger(Number.NaN)],
  ['an evictor of no time', () => timeEvictor(0)],
  ['a negative lateness', () => define((keyed) => keyed.window(tumbling).allowedLateness(-1))],
]

const wrongJobs: readonly (readonly [string, () => unknown])[] = [
  [
    'a lateness of processing time',
    () => {
      define((keyed) => keyed.window(tumblingProcessingTimeWindows(1000)).allowedLateness(1))
    },
  ],
  [
    'a lateness of global windows',
    () => {
      define((keyed) => keyed.window(globalWindows()).allowedLateness(1))
    },
  ],
  [
    'sessions with a trigger that cannot merge',
    () => {
      definitionOf(sums(sessionEventTimeWindows(5), (it) => it.trigger(purging(delta))))
    },
  ],
  [
    'sessions with a state of each window',
    () => {
      definitionOf((keyed) =>
        keyed
          .window(sessionEventTimeWindows(5))
          .process('windows', { windowState: valueState<number>(), process: () => [] })
          .map((value): unknown => value),
      )
    },
  ],
]

const tumbling = tumblingEventTimeWindows(1000)

describe('the definition of windows refuses', () => {
  test.each(wrongOptions)('%s', (_name, definition) => {
    expect(definition).toThrow(errorWith('FLINKTS_OPTION_INVALID'))
  })

  test.each(wrongJobs)('%s', (_name, definition) => {
    expect(definition).toThrow(errorWith('FLINKTS_JOB_INVALID'))
  })
})

/** Sessions that forget, when they merge, how long they were. */
const shrinking: WindowAssigner<Item> = {
  ...sessionEventTimeWindows(3000),
  mergeWindows: (windows) => {
    const [first, ...others] = windows
    if (first === undefined || others.length === 0) return []
    return [{ window: { start: first.start, end: first.start + 10 }, merged: windows }]
  },
}

interface WrongRecord {
  readonly name: string
  readonly code: ErrorCode
  readonly assigner: WindowAssigner<Item>
  readonly timestamp?: number
}

const untimed = 'FLINKTS_TIMESTAMP_MISSING'
const wrongRecords: readonly WrongRecord[] = [
  { name: 'a record without timestamp in event time', code: untimed, assigner: tumbling },
  { name: 'one in sessions', code: untimed, assigner: sessionEventTimeWindows(5) },
  { name: 'a result of a global window', code: untimed, assigner: tumbling, timestamp: Infinity },
  {
    name: 'a gap of 0',
    code: 'FLINKTS_OPTION_INVALID',
    assigner: dynamicEventTimeSessionWindows(() => 0),
    timestamp: 5,
  },
]

describe('running windows refuse', () => {
  test.each(wrongRecords)('$name', ({ code, assigner, timestamp }) => {
    const run = new WindowRun(sums(assigner))

    expect(() => run.push({ key: 'k1', value: 1 }, timestamp)).toThrow(errorWith(code))
  })

  test('a record without timestamp where a trigger needs one', () => {
    const run = new WindowRun(
      sums(globalWindows(), (it) => it.trigger(continuousEventTimeTrigger(10))),
    )

    expect(() => run.push({ key: 'k1', value: 1 })).toThrow(errorWith('FLINKTS_TIMESTAMP_MISSING'))
  })

  test('C25 a merged window that shrank below the watermark', () => {
    const run = new WindowRun(sums(shrinking))
    run.push({ key: 'k1', value: 1 }, 5000)
    run.watermark(6000)

    expect(() => run.push({ key: 'k1', value: 1 }, 6500)).toThrow(
      errorWith('FLINKTS_WINDOW_MERGE_INVALID'),
    )
  })

  test('C25 a merged window that shrank below the clock', async () => {
    const { mergeWindows } = shrinking
    const run = new WindowRun(
      sums({ ...sessionProcessingTimeWindows(3000), ...(mergeWindows && { mergeWindows }) }),
    )
    await run.processingTime(5000)
    run.push({ key: 'k1', value: 1 })
    await run.processingTime(6000)

    expect(() => run.push({ key: 'k1', value: 1 })).toThrow(
      errorWith('FLINKTS_WINDOW_MERGE_INVALID'),
    )
  })

  test.each(['assign', 'add', 'fire', 'emit'])('a function that throws: %s', (where) => {
    const failing = (at: string): void => {
      if (at === where) throw new Error('no')
    }
    const run = new WindowRun((keyed) =>
      keyed
        .window({ ...tumbling, assign: (...of) => (failing('assign'), tumbling.assign(...of)) })
        .aggregate(
          'windows',
          {
            create: () => 0,
            add: (sum, { value }) => (failing('add'), sum + value),
            merge: (one, other) => one + other,
            result: (sum) => (failing('fire'), sum),
          },
          { window: (_context, sum) => (failing('emit'), [sum]) },
        ),
    )

    expect(() => {
      run.push({ key: 'k1', value: 1 }, 5)
      run.watermark(5000)
    }).toThrow(errorWith('FLINKTS_USER_FUNCTION_FAILED'))
  })
})

function define(windowing: (keyed: Keyed) => unknown): void {
  definitionOf((keyed) => {
    windowing(keyed)
    return keyed.window(tumbling).reduce('windows', (one) => one)
  })
}
