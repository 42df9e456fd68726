import { expect, test } from 'vitest'
import { slidingEventTimeWindows } from '../../../src/operators/window/aligned-windows.ts'
import type { HarnessSnapshot } from '../../../src/testing/harness/harness-snapshot.ts'
import { operatorHarness, type OperatorHarness } from '../../../src/testing/operator-harness.ts'
import { type Item, late } from './window-run.ts'

function counts(
  options: { readonly parallelism: number; readonly subtask?: number },
  restore: readonly HarnessSnapshot[] = [],
): Promise<OperatorHarness<Item, string>> {
  return operatorHarness<Item, string>(
    (items) =>
      items
        .keyBy(({ key }) => key)
        .window(slidingEventTimeWindows(20, 10))
        .sideOutputLateData(late)
        .aggregate(
          'counts',
          {
            create: () => 0,
            add: (count) => count + 1,
            merge: (one, other) => one + other,
            result: (count) => count,
          },
          {
            window: ({ key, window: { start, end } }, count) => [
              `${key}: ${count} [${start},${end})`,
            ],
          },
        ),
    { ...options, ...(restore.length > 0 && { restore }) },
  )
}

/** A key of each of two subtasks. */
function keysOf(subtasks: readonly OperatorHarness<Item, string>[]): readonly string[] {
  const keys = Array.from({ length: 20 }, (_, index) => `k${index}`)
  return subtasks.map((subtask) => keys.find((key) => subtask.owns({ key, value: 1 })) ?? '')
}

test('key groups of subtasks that were not equally far stay where they were', async () => {
  const subtasks = await Promise.all([0, 1].map((subtask) => counts({ parallelism: 2, subtask })))
  const [ahead = '', behind = ''] = keysOf(subtasks)
  for (const [index, key] of [ahead, behind].entries()) {
    subtasks[index]?.push({ key, value: 1 }, 15)
    subtasks[index]?.watermark(index === 0 ? 20 : 5)
  }
  const before = subtasks.flatMap((subtask) => subtask.takeValues())
  const snapshots = await Promise.all(subtasks.map((subtask) => subtask.snapshot()))

  const one = await counts({ parallelism: 1 }, snapshots)
  for (const key of [ahead, behind]) one.push({ key, value: 2 }, 8)
  const lates = one.takeSide(late)
  one.watermark(6)
  const again = await counts({ parallelism: 1 }, [await one.snapshot()])
  again.watermark(7)
  again.watermark(100)
  const after = again.takeValues()
  await Promise.all([...subtasks, one, again].map((harness) => harness.close()))

  expect(before).toEqual([`${ahead}: 1 [0,20)`])
  expect(lates).toEqual([{ key: ahead, value: 2 }])
  expect(after.toSorted()).toEqual(
    [
      `${ahead}: 1 [10,30)`,
      `${behind}: 1 [-10,10)`,
      `${behind}: 2 [0,20)`,
      `${behind}: 1 [10,30)`,
    ].toSorted(),
  )
})
