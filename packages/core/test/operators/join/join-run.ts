import type { BoundedIntervalJoin, IntervalJoin } from '../../../src/api/interval-join.ts'
import { type OutputTag, outputTag } from '../../../src/common/output-tag.ts'
import {
  type HarnessOptions,
  type HarnessStream,
  twoInputHarness,
  type TwoInputHarness,
} from '../../../src/testing/operator-harness.ts'

/** A record of a test: its side and event time, and which key it has. */
export interface Item {
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

export type JoinHarness = TwoInputHarness<Item, Item, string>

function startJoin(bounds: Bounds, options: HarnessOptions): Promise<JoinHarness> {
  const build = (left: HarnessStream<Item>, right: HarnessStream<Item>): HarnessStream<string> =>
    bounds(left.keyBy(({ key }) => key).intervalJoin(right.keyBy(({ key }) => key)))
      .sideOutputLeftLateData(lateLeft)
      .sideOutputRightLateData(lateRight)
      .process('join', (one, other) => [`${one.time}${other.time}`])
  return twoInputHarness(build, options)
}

/** Feeds an interval join; see `feedJoin`. */
export async function runJoin(
  bounds: Bounds,
  steps: readonly string[],
  { restoring = false }: { readonly restoring?: boolean } = {},
): Promise<JoinResult> {
  const result = { pairs: [] as string[], lateLeft: [] as number[], lateRight: [] as number[] }
  await feedJoin((options) => startJoin(bounds, options), steps, {
    restoring,
    onStep: (join) => {
      result.pairs.push(...takeTimed(join))
      result.lateLeft.push(...join.takeSide(lateLeft).map((item) => item.time))
      result.lateRight.push(...join.takeSide(lateRight).map((item) => item.time))
    },
  })
  return result
}

/** What came out of the main output, each as `result@timestamp`. */
export function takeTimed(join: JoinHarness): readonly string[] {
  return join
    .take()
    .flatMap((element) =>
      element.type === 'record' ? [`${element.value}@${element.timestamp}`] : [],
    )
}

const stepForm = /^(?<what>L|R|WM|WML|WMR)(?<time>-?\d+|Infinity)(?<key>[a-z]*)$/

/**
 * Feeds a join with steps: `L3`, a left record at time 3; `R-1b`, a right one of key b; `WM3`, a
 * watermark of both inputs, `WML3` of the left one. With `restoring`, the join is replaced by a
 * restored one after every step.
 */
export async function feedJoin(
  start: (options: HarnessOptions) => Promise<JoinHarness>,
  steps: readonly string[],
  options: { readonly restoring: boolean; readonly onStep: (join: JoinHarness) => void },
): Promise<void> {
  let join = await start({})
  const watermarks: [number, number] = [-Infinity, -Infinity]
  for (const step of steps) {
    const { what = '', time = '', key = '' } = stepForm.exec(step)?.groups ?? {}
    apply(join, watermarks, { what, time: Number(time), key })
    options.onStep(join)
    if (options.restoring) join = await restoredJoin(join, start, watermarks)
  }
  await join.close()
}

/** Watermarks are in no checkpoint: they come again from the sources. */
async function restoredJoin(
  join: JoinHarness,
  start: (options: HarnessOptions) => Promise<JoinHarness>,
  watermarks: readonly [number, number],
): Promise<JoinHarness> {
  const restore = await join.snapshot()
  await join.close()
  const restored = await start({ restore })
  restored.watermark(0, watermarks[0])
  restored.watermark(1, watermarks[1])
  return restored
}

function apply(
  join: JoinHarness,
  watermarks: [number, number],
  { what, time, key }: { readonly what: string; readonly time: number; readonly key: string },
): void {
  if (what === 'L') join.push(0, { side: 'L', time, key }, time)
  if (what === 'R') join.push(1, { side: 'R', time, key }, time)
  if (what === 'WM' || what === 'WML') join.watermark(0, (watermarks[0] = time))
  if (what === 'WM' || what === 'WMR') join.watermark(1, (watermarks[1] = time))
}
