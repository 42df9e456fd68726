import type { BoundedIntervalJoin, IntervalJoin } from '../../../src/api/interval-join.ts'
import { type OutputTag, outputTag } from '../../../src/operators/output-tag.ts'
import {
  type HarnessOptions,
  type HarnessStream,
  twoInputHarness,
  type TwoInputHarness,
} from '../../../src/testing/operator-harness.ts'

/** A record of a test: its side and event time, and which key it has. */
interface Item {
  readonly side: 'L' | 'R'
  readonly time: number
  readonly key: string
}

type TestJoin = BoundedIntervalJoin<Item, Item, 'exactly-once'>

const lateLeft: OutputTag<Item> = outputTag('late-left')
const lateRight: OutputTag<Item> = outputTag('late-right')

/** How a test chooses the interval. */
export type Bounds = (join: IntervalJoin<Item, Item, 'exactly-once'>) => TestJoin

/** What a run gave: pairs as `21@2`, left and right time and the time of the result. */
interface JoinResult {
  readonly pairs: readonly string[]
  readonly lateLeft: readonly number[]
  readonly lateRight: readonly number[]
}

type Join = TwoInputHarness<Item, Item, string>

async function startJoin(bounds: Bounds, options: HarnessOptions): Promise<Join> {
  const build = (left: HarnessStream<Item>, right: HarnessStream<Item>): HarnessStream<string> =>
    bounds(left.keyBy(({ key }) => key).intervalJoin(right.keyBy(({ key }) => key)))
      .sideOutputLeftLateData(lateLeft)
      .sideOutputRightLateData(lateRight)
      .process('join', (one, other) => [`${one.time}${other.time}`])
  return twoInputHarness(build, options)
}

const stepForm = /^(?<what>L|R|WM|WML|WMR)(?<time>-?\d+|Infinity)(?<key>[a-z]*)$/

/**
 * Feeds a join with steps: `L3`, a left record at time 3; `R-1b`, a right one of key b; `WM3`, a
 * watermark of both inputs, `WML3` of the left one. With `restoring`, the join is replaced by a
 * restored one after every step.
 */
export async function runJoin(
  bounds: Bounds,
  steps: readonly string[],
  { restoring = false }: { readonly restoring?: boolean } = {},
): Promise<JoinResult> {
  let join = await startJoin(bounds, {})
  const watermarks: [number, number] = [-Infinity, -Infinity]
  const result = { pairs: [] as string[], lateLeft: [] as number[], lateRight: [] as number[] }
  for (const step of steps) {
    const { what = '', time = '', key = '' } = stepForm.exec(step)?.groups ?? {}
    apply(join, watermarks, { what, time: Number(time), key })
    for (const element of join.take()) {
      if (element.type === 'record') result.pairs.push(`${element.value}@${element.timestamp}`)
    }
    result.lateLeft.push(...join.takeSide(lateLeft).map((item) => item.time))
    result.lateRight.push(...join.takeSide(lateRight).map((item) => item.time))
    if (restoring) join = await restoredJoin(join, bounds, watermarks)
  }
  await join.close()
  return result
}

/** Watermarks are in no checkpoint: they come again from the sources. */
async function restoredJoin(
  join: Join,
  bounds: Bounds,
  watermarks: readonly [number, number],
): Promise<Join> {
  const restore = await join.snapshot()
  await join.close()
  const restored = await startJoin(bounds, { restore })
  restored.watermark(0, watermarks[0])
  restored.watermark(1, watermarks[1])
  return restored
}

function apply(
  join: Join,
  watermarks: [number, number],
  { what, time, key }: { readonly what: string; readonly time: number; readonly key: string },
): void {
  if (what === 'L') join.push(0, { side: 'L', time, key }, time)
  if (what === 'R') join.push(1, { side: 'R', time, key }, time)
  if (what === 'WM' || what === 'WML') join.watermark(0, (watermarks[0] = time))
  if (what === 'WM' || what === 'WMR') join.watermark(1, (watermarks[1] = time))
}
