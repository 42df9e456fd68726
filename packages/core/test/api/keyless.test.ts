import { describe, expect, test } from 'vitest'
import { defineJob } from '../../src/api/define-job.ts'
import type { BroadcastProcess } from '../../src/operators/broadcast/broadcast-function.ts'
import type { CoContext, CoProcess } from '../../src/operators/co-process-function.ts'
import { type BroadcastDeclarations, broadcastState } from '../../src/state/broadcast-state.ts'
import { type ValueState, valueState } from '../../src/state/state-descriptor.ts'
import { twoInputHarness } from '../../src/testing/operator-harness.ts'
import { sourceOf } from './fixtures.ts'

type Pair = CoProcess<number, number, number>
type Ruled = BroadcastProcess<number, number, number, BroadcastDeclarations>

const idle = { processFirst: () => [], processSecond: () => [] }
const ruled = { process: () => [], processBroadcast: () => [] }
const state = { total: valueState<number>() }
const onTimer = (): readonly number[] => []
const functions: readonly (readonly [string, Pair, Ruled])[] = [
  ['declares keyed state', { ...idle, state } as Pair, { ...ruled, state } as Ruled],
  ['has a function for timers', { ...idle, onTimer } as Pair, { ...ruled, onTimer } as Ruled],
]

/** As a job without types may have it. */
function registerTimer(context: CoContext): void {
  const { timers } = context as CoContext & { timers: { registerEventTime(at: number): void } }
  timers.registerEventTime(5)
}

describe('streams without keys', () => {
  test.each(functions)('have no function that %s', (what, process) => {
    const define = (): unknown =>
      defineJob('numbers', {}, (env) => {
        const stream = env.source('in', sourceOf<number>())
        stream.connect(stream).process('pair', process)
      })

    expect(define).toThrow(
      expect.objectContaining({
        code: 'FLINKTS_JOB_INVALID',
        message: `operator "pair" ${what}, but what it reads has no keys`,
      }),
    )
  })

  test.each(functions)('have none with broadcast state that %s either', (what, _pair, process) => {
    const define = (): unknown =>
      defineJob('numbers', {}, (env) => {
        const stream = env.source('in', sourceOf<number>())
        stream.connect(stream.broadcast<BroadcastDeclarations>({})).process('ruled', process)
      })

    expect(define).toThrow(`operator "ruled" ${what}, but what it reads has no keys`)
  })

  test('may have functions that keep things of their own', async () => {
    const process = { ...idle, state: { seen: 0, missing: undefined } } as Pair

    const harness = twoInputHarness<number, number, number>((one, other) =>
      one.connect(other).process('pair', process),
    )

    await expect(harness).resolves.toBeDefined()
  })

  test('have no timers', async () => {
    const harness = await twoInputHarness<number, number, number>((one, other) =>
      one.connect(other).process('pair', {
        ...idle,
        processFirst: (_value, context) => registerTimer(context),
      }),
    )

    expect(() => harness.push(0, 1)).toThrow(
      expect.objectContaining({
        code: 'FLINKTS_KEY_MISSING',
        message: 'a timer of operator "pair" was used while no key is current',
      }),
    )
  })
})

describe('a broadcast record', () => {
  /** Its keyed state is handed from one function to the other, past the types. */
  function harnessOf(
    onRule: (kept: ValueState<number> | undefined, context: CoContext) => void,
  ): ReturnType<typeof twoInputHarness<number, number, number>> {
    let kept: ValueState<number> | undefined
    return twoInputHarness<number, number, number>((one, other) =>
      one
        .keyBy((value) => value)
        .connect(other.broadcast({ rules: broadcastState<string, number>() }))
        .process('ruled', {
          state: { total: valueState<number>() },
          process: (value, { state: { total } }) => {
            kept = total
            total.set(value)
          },
          processBroadcast: (_value, _rules, context) => onRule(kept, context),
        }),
    )
  }

  test('does not see the state of the record before it', async () => {
    const harness = await harnessOf((kept) => void kept?.get())
    harness.push(0, 1)

    expect(() => harness.push(1, 1)).toThrow(
      expect.objectContaining({
        code: 'FLINKTS_KEY_MISSING',
        message: 'keyed state was used while no key is current',
      }),
    )
  })

  test('has no key left when it has visited all of them', async () => {
    const harness = await harnessOf((kept, context) => {
      const keyed = context as CoContext & { applyToKeyedState(visit: () => void): void }
      keyed.applyToKeyedState(() => {})
      kept?.get()
    })
    harness.push(0, 1)

    expect(() => harness.push(1, 1)).toThrow('keyed state was used while no key is current')
  })

  test('registers no timer', async () => {
    const harness = await harnessOf((_kept, context) => registerTimer(context))

    expect(() => harness.push(1, 1)).toThrow('a timer of operator "ruled" was used')
  })
})
