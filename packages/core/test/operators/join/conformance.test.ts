import { describe, expect, test } from 'vitest'
import type { TestOperatorContext } from '../fixtures.ts'
import { SeededPrng } from '../../../src/common/prng.ts'
import { IntervalJoinOperator } from '../../../src/operators/join/interval-join.ts'
import type { JoinBuffer } from '../../../src/operators/join/join-buffer.ts'
import type { KeyedStateHandle } from '../../../src/state/operator-state.ts'
import { SimulatedStorage } from '../../../src/testing/simulated-storage.ts'
import { barrierOf, operatorContextOf } from '../fixtures.ts'
import { type Bounds, runJoin } from './join-run.ts'

const times = [1, 2, 3, 4]

/** The same records in three orders: a side may be complete, with its watermarks, at first. */
const orders = {
  'in turn': times.flatMap((time) => [`L${time}`, `WML${time}`, `R${time}`, `WMR${time}`]),
  'left first': [
    ...times.flatMap((time) => [`L${time}`, `WML${time}`]),
    ...times.flatMap((time) => [`R${time}`, `WMR${time}`]),
  ],
  'right first': [
    ...times.flatMap((time) => [`R${time}`, `WMR${time}`]),
    ...times.flatMap((time) => [`L${time}`, `WML${time}`]),
  ],
}

const exclusive =
  (lowerMs: number, upperMs: number): Bounds =>
  (join) =>
    join.between(lowerMs, upperMs).lowerBoundExclusive().upperBoundExclusive()

const boundsCases: readonly (readonly [string, Bounds, string])[] = [
  ['[-2, -1]', (join) => join.between(-2, -1), '21 31 32 42 43'],
  ['[-1, 1]', (join) => join.between(-1, 1), '11 12 21 22 23 32 33 34 43 44'],
  ['[1, 2]', (join) => join.between(1, 2), '12 13 23 24 34'],
  ['(-3, -1)', exclusive(-3, -1), '31 42'],
  ['(-1, 1)', exclusive(-1, 1), '11 22 33 44'],
  ['(1, 3)', exclusive(1, 3), '13 24'],
  ['(-1, 1]', (join) => join.between(-1, 1).lowerBoundExclusive(), '11 12 22 23 33 34 44'],
  ['[-1, 1)', (join) => join.between(-1, 1).upperBoundExclusive(), '11 21 22 32 33 43 44'],
]

/** The timestamp of a pair is the greater one of its two. */
function pairsOf(text: string): readonly string[] {
  return text.split(' ').map((pair) => `${pair}@${Math.max(Number(pair[0]), Number(pair[1]))}`)
}

describe.each(boundsCases)('C26: an interval join within %s', (_interval, bounds, expected) => {
  describe.each(Object.entries(orders))('of records that come %s', (_order, steps) => {
    test.each([false, true])('joins what is in the interval (restored: %s)', async (restoring) => {
      const { pairs } = await runJoin(bounds, steps, { restoring })

      expect(pairs.toSorted()).toEqual(pairsOf(expected))
    })
  })
})

describe.each([false, true])('C27: late records (restored after each step: %s)', (restoring) => {
  const on = ['L1', 'R1', 'L2', 'R2', 'L3', 'R3', 'WM3']
  const after = ['L4', 'R4', 'L5', 'R5']
  const pairs = '11 12 21 22 23 32 33 34 43 44 45 54 55'

  test.each([
    { late: 'L1', lateLeft: [1], lateRight: [] },
    { late: 'R1', lateLeft: [], lateRight: [1] },
  ])('are not joined, but go to their side output: $late', async ({ late, ...sides }) => {
    const steps = [...on, late, ...after]

    const result = await runJoin((join) => join.between(-1, 1), steps, { restoring })

    expect({ ...result, pairs: result.pairs.toSorted() }).toEqual({
      pairs: pairsOf(pairs),
      ...sides,
    })
  })

  test('are those behind the watermark, and not those at it', async () => {
    const result = await runJoin((join) => join.between(-5, 5), ['R4', 'WM3', 'L3', 'L2'], {
      restoring,
    })

    expect(result).toEqual({ pairs: ['34@4'], lateLeft: [2], lateRight: [] })
  })
})

/** A join over state that a test can look into. */
class OpenJoin {
  readonly operator: IntervalJoinOperator
  readonly #context: TestOperatorContext

  constructor(bounds: Interval, parts: Parameters<typeof operatorContextOf>[1]) {
    this.#context = operatorContextOf('join', parts)
    const selectKey = (): string => 'key'
    this.operator = new IntervalJoinOperator(
      {
        ...{ join: () => {}, selectLeftKey: selectKey, selectRightKey: selectKey },
        ...{ leftLateTag: undefined, rightLateTag: undefined },
        ...bounds,
      },
      this.#context,
    )
  }

  /** The times that are kept: left, and right. */
  kept(): readonly (readonly number[])[] {
    let kept: readonly (readonly number[])[] = [[], []]
    this.#context.backend.forEach('~join', (_key, _hash, stored) => {
      kept = (stored as readonly JoinBuffer[]).map(({ timestamps, values }) => {
        expect(values).toEqual(timestamps)
        return [...timestamps]
      })
    })
    return kept
  }

  apply(step: string): void {
    const [left, right] = this.operator.inputs
    const time = Number(step.slice(1))
    if (step.startsWith('L')) left.collect(time, time)
    if (step.startsWith('R')) right.collect(time, time)
    if (!step.startsWith('W')) return
    left.emitWatermark(time)
    right.emitWatermark(time)
  }
}

interface Interval {
  readonly lowerMs: number
  readonly upperMs: number
}

/** What is kept at each watermark, after both sides have got 1 to 5. */
async function keptAt(
  bounds: Interval,
  watermarks: readonly number[],
  restoring: boolean,
): Promise<readonly unknown[]> {
  const storage = new SimulatedStorage(new SeededPrng(1)).open()
  let join = new OpenJoin(bounds, { storage })
  const kept: unknown[] = []
  const fed = [1, 2, 3, 4, 5].flatMap((time) => [`L${time}`, `R${time}`])
  const steps = [...fed, ...watermarks.map((watermark) => `W${watermark}`)]
  for (const [index, step] of steps.entries()) {
    join.apply(step)
    if (step.startsWith('W')) kept.push(join.kept())
    if (!restoring) continue
    const { keyed } = await join.operator.snapshot(barrierOf(index + 1)).state
    const restored: readonly KeyedStateHandle[] = keyed === undefined ? [] : [keyed]
    join = new OpenJoin(bounds, { storage, restored })
    await join.operator.open()
  }
  return kept
}

describe.each([false, true])('C28: what is kept (restored after each step: %s)', (restoring) => {
  const all = [1, 2, 3, 4, 5]

  test('goes, for each side, as soon as the watermark allows', async () => {
    const kept = await keptAt({ lowerMs: -1, upperMs: 0 }, [1, 4, 6], restoring)

    const expected = [
      [[2, 3, 4, 5], all],
      [[5], [4, 5]],
      [[], []],
    ]
    expect(kept).toEqual(expected)
  })

  test('goes with bounds that are both negative', async () => {
    const kept = await keptAt({ lowerMs: -2, upperMs: -1 }, [1, 3, 5, 7], restoring)

    const expected = [
      [[2, 3, 4, 5], all],
      [
        [4, 5],
        [2, 3, 4, 5],
      ],
      [[], [4, 5]],
      [[], []],
    ]
    expect(kept).toEqual(expected)
  })

  test('goes with bounds that are both positive', async () => {
    const kept = await keptAt({ lowerMs: 1, upperMs: 2 }, [1, 3, 5, 7], restoring)

    const expected = [
      [all, [2, 3, 4, 5]],
      [
        [2, 3, 4, 5],
        [4, 5],
      ],
      [[4, 5], []],
      [[], []],
    ]
    expect(kept).toEqual(expected)
  })
})
