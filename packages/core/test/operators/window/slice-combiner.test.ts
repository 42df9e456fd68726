import { describe, expect, test } from 'vitest'
import { defined } from '../../../src/common/assert.ts'
import { type Prng, randomBelow, SeededPrng } from '../../../src/common/prng.ts'
import { CombiningWriter } from '../../../src/network/combining-writer.ts'
import type { CombinedOutput } from '../../../src/network/record-combiner.ts'
import {
  slidingEventTimeWindows,
  tumblingEventTimeWindows,
} from '../../../src/operators/window/aligned-windows.ts'
import { SliceCombiner } from '../../../src/operators/window/slice-combiner.ts'
import { aggregatedContents } from '../../../src/operators/window/window-contents.ts'
import { sliced } from '../../../src/operators/window/window-definition.ts'
import type { WindowAssigner } from '../../../src/operators/window/window-assigner.ts'
import { definitionOf, type Item, late, type Windowing, WindowRun } from './window-run.ts'

interface Sum {
  readonly sum: number
  readonly values: number[]
}

const summed = {
  create: (): Sum => ({ sum: 0, values: [] }),
  add: ({ sum, values }: Sum, { value }: Item): Sum => {
    values.push(value)
    return { sum: sum + value, values }
  },
  merge: (one: Sum, other: Sum): Sum => ({
    sum: one.sum + other.sum,
    values: [...one.values, ...other.values],
  }),
  result: ({ sum, values }: Sum): string => `${sum}=${values.toSorted((a, b) => a - b).join('+')}`,
}

function sums(assigner: WindowAssigner): Windowing {
  return (keyed) =>
    keyed.window(assigner).aggregate('sums', summed, {
      window: ({ key, window: { start, end } }, sum) => [`${key}[${start},${end}):${sum}`],
    })
}

/** A sender of one channel, which combines. */
class Sender {
  readonly writer: CombiningWriter
  watermark = -Infinity

  constructor(windowing: Windowing, receiver: WindowRun) {
    const createCombiner = defined(definitionOf(windowing).combiner, 'the windows can be combined')
    const channel = {
      onFull: () => {},
      push: (batch: unknown, timestamp: number) =>
        receiver.operator.combined?.collect(batch, timestamp),
      pushEvent: () => {},
    }
    this.writer = new CombiningWriter([channel], () => 0, createCombiner)
  }
}

/**
 * The same records to windows as they are, and combined by two senders, which wait for each other's
 * watermark; with checkpoints in between. @returns what came out of both.
 */
async function bothWays(seed: number, assigner: WindowAssigner): Promise<readonly string[][]> {
  const prng = new SeededPrng(seed)
  const windowing = sums(assigner)
  const plain = new WindowRun(windowing)
  const combined = new WindowRun(windowing)
  const senders = [new Sender(windowing, combined), new Sender(windowing, combined)]
  const taken: [string[], string[]] = [[], []]
  for (let step = 0; step < 200; step += 1) {
    const sender = defined(senders[randomBelow(prng, 2)], 'one of them')
    await playStep(prng, { plain, combined, senders, sender })
    taken[0].push(...plain.take())
    taken[1].push(...combined.take())
  }
  for (const sender of senders) advance([plain, combined], senders, sender, Infinity)
  taken[0].push(...plain.take())
  taken[1].push(...combined.take())
  const dropped = [plain, combined].map((run) => `dropped ${run.metric('lateRecordsDropped')}`)
  return taken.map((results, index) => [...results, dropped[index] ?? ''])
}

interface Step {
  readonly plain: WindowRun
  readonly combined: WindowRun
  readonly senders: readonly Sender[]
  readonly sender: Sender
}

async function playStep(prng: Prng, { plain, combined, senders, sender }: Step): Promise<void> {
  const now = Math.max(0, sender.watermark)
  const choice = randomBelow(prng, 20)
  if (choice > 2) {
    const item = { key: `k${randomBelow(prng, 3)}`, value: randomBelow(prng, 100) }
    const timestamp = now - 15 + randomBelow(prng, 40)
    plain.push(item, timestamp)
    sender.writer.collect(item, timestamp)
  } else if (choice > 0) {
    advance([plain, combined], senders, sender, now + randomBelow(prng, 12))
  } else {
    const barrier = { type: 'barrier', checkpointId: 1, kind: 'periodic' } as const
    for (const { writer } of senders) writer.emitEvent(barrier)
    await Promise.all([plain.restore(), combined.restore()])
  }
}

function advance(
  runs: readonly WindowRun[],
  senders: readonly Sender[],
  sender: Sender,
  watermark: number,
): void {
  sender.writer.emitWatermark(watermark)
  const before = least(senders)
  sender.watermark = watermark
  const after = least(senders)
  if (after > before) for (const run of runs) run.watermark(after)
}

function least(senders: readonly Sender[]): number {
  return Math.min(...senders.map(({ watermark }) => watermark))
}

describe('combined records give the same windows', () => {
  const windowings = {
    'tumbling ones': tumblingEventTimeWindows(10),
    'sliding ones': slidingEventTimeWindows(20, 5),
    'sliding ones whose size is no multiple of the slide': slidingEventTimeWindows(13, 5),
  }
  test.each(Object.entries(windowings))('%s', async (_name, assigner) => {
    for (let seed = 1; seed <= 6; seed += 1) {
      const [plain, combined] = await bothWays(seed, assigner)
      expect(combined, `seed ${seed}`).toEqual(plain)
    }
  })
})

describe('what a combiner holds back', () => {
  interface Sent {
    readonly key: string
    readonly contents: unknown
    readonly count: number
    readonly timestamp: number
  }

  function combinerOf(keysMax = 1000): { readonly combiner: SliceCombiner; readonly sent: Sent[] } {
    const sent: Sent[] = []
    const assigner = tumblingEventTimeWindows(10)
    const definition = defined(
      sliced({
        selectKey: (value) => (value as Item).key,
        assigner,
        trigger: assigner.defaultTrigger,
        contents: aggregatedContents({
          create: () => 0,
          add: (count: unknown) => (count as number) + 1,
          merge: (one: unknown, other: unknown) => (one as number) + (other as number),
          result: (count: unknown) => count,
        }),
        function: {},
        latenessMs: 0,
        lateTag: undefined,
      }),
      'the windows have slices',
    )
    const options = { operatorId: 'counts', definition, keysMax }
    const output: CombinedOutput = {
      send: ({ key, contents, count }, timestamp) =>
        void sent.push({ key: String(key), contents, count, timestamp }),
      release: () => {},
    }
    return { combiner: new SliceCombiner(options, output), sent }
  }

  test('is sent when the first window of it ends, and not before', () => {
    const { combiner, sent } = combinerOf()
    for (const timestamp of [1, 12, 3]) combiner.add({ key: 'a' }, timestamp)
    combiner.add({ key: 'b' }, 4)

    combiner.advanceTo(8)
    const before = sent.splice(0)
    combiner.advanceTo(9)

    expect(before).toEqual([])
    expect(sent).toEqual([
      { key: 'a', contents: 2, count: 2, timestamp: 0 },
      { key: 'b', contents: 1, count: 1, timestamp: 0 },
    ])
  })

  test('is not what comes after its window has ended', () => {
    const { combiner, sent } = combinerOf()
    combiner.advanceTo(9)
    combiner.add({ key: 'a' }, 5)

    expect(sent).toEqual([{ key: 'a', contents: 1, count: 1, timestamp: 0 }])
  })

  test('is sent when it is too much', () => {
    const { combiner, sent } = combinerOf(3)
    for (const key of ['a', 'b', 'a', 'c', 'd']) combiner.add({ key }, 1)

    expect(sent.map(({ key, count }) => `${key} ${count}`)).toEqual(['a 2', 'b 1', 'c 1'])
  })

  test('is nothing for a while where keys do not come again', () => {
    const { combiner, sent } = combinerOf(10_000)
    for (let key = 0; key < 10_000; key += 1) combiner.add({ key: `k${key}` }, 1)
    const before = sent.length
    for (const key of ['a', 'a', 'a']) combiner.add({ key }, 1)

    expect(before).toBe(10_000)
    expect(sent.slice(before).map(({ count }) => count)).toEqual([1, 1, 1])
  })

  test('names the operator of a function that fails, and the record', () => {
    const { combiner } = combinerOf()

    expect(() => combiner.add({ key: { no: 'key' } }, 1)).toThrow(
      expect.objectContaining({ code: 'FLINKTS_KEY_INVALID' }),
    )
    expect(() => combiner.add({ key: 'a' }, -Infinity)).toThrow('a record without a timestamp')
  })
})

test.each<[string, Windowing]>([
  [
    'a reduction, which sees the order',
    (keyed) => keyed.window(tumblingEventTimeWindows(10)).reduce('r', (one) => one),
  ],
  [
    'windows with a lateness',
    (keyed) => keyed.window(tumblingEventTimeWindows(10)).allowedLateness(1).aggregate('a', summed),
  ],
  [
    'windows with an output of late records',
    (keyed) =>
      keyed.window(tumblingEventTimeWindows(10)).sideOutputLateData(late).aggregate('a', summed),
  ],
  [
    'windows with gaps',
    (keyed) => keyed.window(slidingEventTimeWindows(5, 10)).aggregate('a', summed),
  ],
])('nothing is combined for %s', (_name, windowing) => {
  expect(definitionOf(windowing).combiner).toBeUndefined()
})
