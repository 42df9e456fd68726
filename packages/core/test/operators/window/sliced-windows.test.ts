import { describe, expect, test } from 'vitest'
import { type Prng, randomBelow, SeededPrng } from '../../../src/common/prng.ts'
import { slidingEventTimeWindows } from '../../../src/operators/window/aligned-windows.ts'
import { eventTimeTrigger } from '../../../src/operators/window/time-triggers.ts'
import { valueState } from '../../../src/state/state-descriptor.ts'
import {
  type HarnessStream,
  operatorHarness,
  type OperatorHarness,
} from '../../../src/testing/operator-harness.ts'
import { type Item, late } from './window-run.ts'
import type { ItemWindows } from './windowings.ts'

/** What is computed of windows, as `key: result [start,end)`. */
type Computation = (windows: ItemWindows) => HarnessStream<string>

const computations: Readonly<Record<string, Computation>> = {
  'an aggregate': (windows) =>
    windows.aggregate(
      'windows',
      {
        create: () => ({ sum: 0, values: [] as number[] }),
        add: (accumulator, { value }) => {
          accumulator.sum += value
          accumulator.values.push(value)
          return accumulator
        },
        merge: (into, { sum, values }) => {
          into.sum += sum
          into.values.push(...values)
          return into
        },
        result: ({ sum, values }) => `${sum} ${values.toSorted((a, b) => a - b).join()}`,
      },
      {
        window: {
          state: { fired: valueState<number>() },
          *process({ key, window: { start, end }, globalState: { fired } }, result) {
            fired.set((fired.get() ?? 0) + 1)
            yield `${key}: ${result} [${start},${end})`
            yield `${key} has fired ${fired.get()} times`
          },
        },
      },
    ),
  'a reduction that depends on the order': (windows) =>
    windows.reduce('windows', (one, other) => ({ ...other, value: one.value * 31 + other.value }), {
      window: ({ key, window: { start, end } }, { value }) => [
        `${key}: ${value} [${start},${end})`,
      ],
    }),
  'the records themselves': (windows) =>
    windows.process('windows', {
      process: ({ key, window: { start, end } }, items) => [
        `${key}: ${items.map(({ value }) => value).join()} [${start},${end})`,
      ],
    }),
}

interface Windows {
  readonly size: number
  readonly slide: number
  readonly offset: number
  readonly lateness: number
}

/** All subtasks of an operator with windows. */
class Subtasks {
  readonly #build: (items: HarnessStream<Item>) => HarnessStream<string>
  #harnesses: readonly OperatorHarness<Item, string>[] = []

  constructor(compute: Computation, windows: Windows, isGeneral: boolean) {
    const { size, slide, offset, lateness } = windows
    this.#build = (items) => {
      const windowed = items
        .keyBy(({ key }) => key)
        .window(slidingEventTimeWindows(size, slide, { offset }))
        .allowedLateness(lateness)
        .sideOutputLateData(late)
      return compute(isGeneral ? windowed.trigger(eventTimeTrigger()) : windowed)
    }
  }

  async rescale(parallelism: number): Promise<void> {
    const restore = await Promise.all(this.#harnesses.map((harness) => harness.snapshot()))
    await this.close()
    this.#harnesses = await Promise.all(
      Array.from({ length: parallelism }, (_, subtask) =>
        operatorHarness<Item, string>(this.#build, {
          parallelism,
          subtask,
          ...(restore.length > 0 && { restore }),
        }),
      ),
    )
  }

  push(item: Item, at: number): void {
    for (const harness of this.#harnesses) if (harness.owns(item)) harness.push(item, at)
  }

  watermark(timestamp: number): void {
    for (const harness of this.#harnesses) harness.watermark(timestamp)
  }

  /** What came out since the last call: of each key in order. */
  take(): readonly string[] {
    const values = this.#harnesses.flatMap((harness) => harness.takeValues())
    const lates = this.#harnesses.flatMap((harness) => harness.takeSide(late))
    const texts = [...values, ...lates.map(({ key, value }) => `${key}: late ${value}`)]
    return texts.toSorted((one, other) => one.slice(0, 2).localeCompare(other.slice(0, 2)))
  }

  async close(): Promise<void> {
    await Promise.all(this.#harnesses.map((harness) => harness.close()))
  }
}

interface Outcome {
  readonly sliced: readonly (readonly string[])[]
  readonly general: readonly (readonly string[])[]
}

/** What comes out at each of many random steps. */
async function runBoth(prng: Prng, compute: Computation, windows: Windows): Promise<Outcome> {
  const sliced = new Subtasks(compute, windows, false)
  const general = new Subtasks(compute, windows, true)
  const both = [sliced, general]
  const outcome: { sliced: (readonly string[])[]; general: (readonly string[])[] } = {
    sliced: [],
    general: [],
  }
  const takeBoth = (): void => {
    outcome.sliced.push(sliced.take())
    outcome.general.push(general.take())
  }
  let watermark = -50
  await Promise.all(both.map((subtasks) => subtasks.rescale(2)))
  for (let step = 0; step < 60; step += 1) {
    const item = { key: `k${randomBelow(prng, 5)}`, value: step }
    const at = watermark - 40 + randomBelow(prng, 100)
    for (const subtasks of both) subtasks.push(item, at)
    if (randomBelow(prng, 5) === 0) {
      watermark += randomBelow(prng, 30)
      for (const subtasks of both) subtasks.watermark(watermark)
    }
    takeBoth()
    const parallelism = 1 + randomBelow(prng, 3)
    if (randomBelow(prng, 20) === 0) {
      await Promise.all(both.map((subtasks) => subtasks.rescale(parallelism)))
    }
  }
  for (const subtasks of both) subtasks.watermark(Infinity)
  takeBoth()
  await Promise.all(both.map((subtasks) => subtasks.close()))
  return outcome
}

describe('slices give what windows with triggers and timers give, for', () => {
  test.each(Object.entries(computations))('%s', async (_name, compute) => {
    for (let seed = 1; seed <= 8; seed += 1) {
      const prng = new SeededPrng(seed)
      const size = 1 + randomBelow(prng, 40)
      const slide = 1 + randomBelow(prng, 40)
      const offset = randomBelow(prng, 2 * slide - 1) - slide + 1
      const lateness = randomBelow(prng, 2) * randomBelow(prng, 40)
      const windows = { size, slide, offset, lateness }

      const { sliced, general } = await runBoth(prng, compute, windows)

      expect({ windows, outcome: sliced }).toEqual({ windows, outcome: general })
      expect(sliced.flat().length).toBeGreaterThan(20)
    }
  })
})

test('when many fire at once, event time goes on between windows, and not within one', async () => {
  const harness = await operatorHarness<Item, string>((items) =>
    items
      .keyBy(({ key }) => key)
      .window(slidingEventTimeWindows(20, 10))
      .reduce('windows', (_one, other) => other, { window: ({ key }) => [key] }),
  )
  for (let at = 0; at < 60; at += 10) {
    for (let key = 0; key < 700; key += 1) harness.push({ key: `k${key}`, value: 1 }, at)
  }

  harness.watermark(44)

  const runs: { count: number; watermark: number }[] = []
  let count = 0
  for (const element of harness.take()) {
    if (element.type === 'record') count += 1
    if (element.type !== 'watermark') continue
    runs.push({ count, watermark: element.timestamp })
    count = 0
  }
  expect(runs).toEqual([
    { count: 1400, watermark: 19 },
    { count: 1400, watermark: 44 },
  ])
  await harness.close()
})
