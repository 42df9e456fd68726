import { describe, expect, test } from 'vitest'
import { type Prng, randomBelow, SeededPrng } from '../../../src/common/prng.ts'
import {
  slidingEventTimeWindows,
  tumblingEventTimeWindows,
} from '../../../src/operators/window/aligned-windows.ts'
import { sessionEventTimeWindows } from '../../../src/operators/window/session-windows.ts'
import type { WindowAssigner } from '../../../src/operators/window/window-assigner.ts'
import { isSameWindow, maxTimestampOf, type Window } from '../../../src/operators/window/window.ts'
import { operatorHarness, type OperatorHarness } from '../../../src/testing/operator-harness.ts'
import type { Item } from './window-run.ts'
import { addItems } from './windowings.ts'

interface TimedItem extends Item {
  readonly at: number
}

/** Windows in all subtasks of an operator, restored in another number of them now and then. */
class Subtasks {
  readonly results: string[] = []
  readonly #assigner: WindowAssigner
  #harnesses: readonly OperatorHarness<Item, string>[] = []

  constructor(assigner: WindowAssigner) {
    this.#assigner = assigner
  }

  async rescale(parallelism: number): Promise<void> {
    const restore = await Promise.all(this.#harnesses.map((harness) => harness.snapshot()))
    await this.close()
    this.#harnesses = await Promise.all(
      Array.from({ length: parallelism }, async (_, subtask) =>
        operatorHarness<Item, string>(
          (items) =>
            items
              .keyBy(({ key }) => key)
              .window(this.#assigner)
              .reduce('windows', addItems, {
                window: ({ key, window }, { value }) => [textOf(key, window, value)],
              }),
          { parallelism, subtask, ...(restore.length > 0 && { restore }) },
        ),
      ),
    )
  }

  push({ key, value, at }: TimedItem): void {
    for (const harness of this.#harnesses) {
      if (harness.owns({ key, value })) harness.push({ key, value }, at)
    }
  }

  watermark(timestamp: number): void {
    for (const harness of this.#harnesses) {
      harness.watermark(timestamp)
      this.results.push(...harness.takeValues())
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#harnesses.map((harness) => harness.close()))
  }
}

const assigners: readonly WindowAssigner[] = [
  tumblingEventTimeWindows(50),
  slidingEventTimeWindows(50, 20, { offset: 3 }),
  sessionEventTimeWindows(15),
]

describe('random records give what plain arrays do, however often the parallelism changes', () => {
  test.each(assigners)('$name', async (assigner) => {
    for (let seed = 1; seed <= 3; seed += 1) {
      const prng = new SeededPrng(seed)
      const subtasks = new Subtasks(assigner)
      await subtasks.rescale(2)
      const items: TimedItem[] = []
      for (let step = 0, watermark = 0; step < 60; step += 1) {
        const item = randomItem(prng, watermark)
        items.push(item)
        subtasks.push(item)
        if (step % 6 === 5) subtasks.watermark((watermark += 20))
        if (step % 20 === 19) await subtasks.rescale([3, 1, 2][(step - 19) / 20] ?? 1)
      }
      subtasks.watermark(Infinity)
      await subtasks.close()

      expect(subtasks.results.toSorted()).toEqual(expectedOf(assigner, items).toSorted())
    }
  })
})

/** Never late. */
function randomItem(prng: Prng, watermark: number): TimedItem {
  const key = `k${randomBelow(prng, 7)}`
  return { key, value: 1 + randomBelow(prng, 9), at: watermark + 1 + randomBelow(prng, 100) }
}

function expectedOf(assigner: WindowAssigner, items: readonly TimedItem[]): string[] {
  return [...new Set(items.map(({ key }) => key))].flatMap((key) => {
    const own = items.filter((item) => item.key === key)
    const assigned = own.flatMap((item) => assigner.assign(item, item.at, { processingTime: 0 }))
    const merged = assigner.mergeWindows?.(assigned).map(({ window }) => window) ?? assigned
    const windows = merged.filter(
      (window, index) => merged.findIndex((other) => isSameWindow(window, other)) === index,
    )
    return windows.map((window) => {
      const inside = own.filter(({ at }) => at >= window.start && at <= maxTimestampOf(window))
      return textOf(
        key,
        window,
        inside.reduce((sum, { value }) => sum + value, 0),
      )
    })
  })
}

function textOf(key: string, { start, end }: Window, sum: number): string {
  return `${key}: ${sum} in [${start}, ${end})`
}
