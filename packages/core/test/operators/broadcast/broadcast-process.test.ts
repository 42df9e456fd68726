import { describe, expect, test } from 'vitest'
import type { BroadcastProcess } from '../../../src/operators/broadcast/broadcast-function.ts'
import { outputTag } from '../../../src/common/output-tag.ts'
import {
  broadcastState,
  type BroadcastStateDescriptor,
  type BroadcastStates,
} from '../../../src/state/broadcast-state.ts'
import type { HarnessSnapshot } from '../../../src/testing/harness/harness-snapshot.ts'
import {
  type HarnessOptions,
  type TwoInputHarness,
  twoInputHarness,
} from '../../../src/testing/operator-harness.ts'

type Shared = { readonly prices: BroadcastStateDescriptor<string, number> }

interface Price {
  readonly item: string
  readonly price: number | undefined
}

/** What an item costs, by the price list of the moment. */
const pricing: BroadcastProcess<string, Price, string, Shared> = {
  process: (item, { prices }) => [`${item} ${prices.get(item) ?? '?'} of ${prices.size}`],
  processBroadcast: ({ item, price }, { prices }) => {
    if (price === undefined) prices.delete(item)
    else prices.set(item, price)
  },
}

function harnessOf(
  process: BroadcastProcess<string, Price, string, Shared> = pricing,
  options: HarnessOptions = {},
): Promise<TwoInputHarness<string, Price, string>> {
  return twoInputHarness(
    (items, prices) =>
      items
        .connect(prices.broadcast({ prices: broadcastState<string, number>() }))
        .process('pricing', process),
    options,
  )
}

describe('a broadcast process', () => {
  test('sees what broadcast records wrote before', async () => {
    const harness = await harnessOf()

    harness.push(0, 'tea')
    harness.push(1, { item: 'tea', price: 3 })
    harness.push(1, { item: 'cup', price: 5 })
    harness.push(0, 'tea')
    harness.push(1, { item: 'cup', price: undefined })
    harness.push(0, 'cup')

    expect(harness.takeValues()).toEqual(['tea ? of 0', 'tea 3 of 2', 'cup ? of 1'])
  })

  test('gives the records of the stream no way to write', async () => {
    let seen: object | undefined
    const harness = await harnessOf({
      ...pricing,
      process: (_item, { prices }) => {
        seen = prices
        ;(prices as BroadcastStates<Shared>['prices']).set('tea', 1)
      },
    })

    expect(() => harness.push(0, 'tea')).toThrow(/set is not a function/)
    expect(seen).not.toHaveProperty('clear')
  })

  test('shows all entries in the order of insertion, also after a restore', async () => {
    const process: typeof pricing = {
      ...pricing,
      process: (_item, { prices }) => [JSON.stringify([...prices.entries(), prices.has('b')])],
    }
    const first = await harnessOf(process)
    for (const item of ['c', 'a', 'b']) first.push(1, { item, price: 1 })
    const restored = await harnessOf(process, { restore: await first.snapshot() })

    first.push(0, '')
    restored.push(0, '')

    expect(first.takeValues()).toEqual(['[["c",1],["a",1],["b",1],true]'])
    expect(restored.takeValues()).toEqual(['[["c",1],["a",1],["b",1],true]'])
  })

  test('emits for broadcast records too, and knows time and side outputs', async () => {
    const log = outputTag<string>('log')
    const harness = await harnessOf({
      process: () => undefined,
      processBroadcast: ({ item }, { prices }, context) => {
        prices.clear()
        context.output(log, `${context.timestamp} ${context.watermark} ${context.processingTime}`)
        return [item]
      },
    })
    harness.watermark(0, 8)
    harness.watermark(1, 4)
    harness.push(1, { item: 'tea', price: 3 }, 5)

    expect(harness.takeSide(log)).toEqual(['5 4 0'])
    expect(harness.take()).toEqual([
      { type: 'watermark', timestamp: 4 },
      { type: 'record', value: 'tea', timestamp: 5 },
    ])
  })

  test('names the record for which a function threw', async () => {
    const harness = await harnessOf({
      ...pricing,
      processBroadcast: () => {
        throw new Error('bad list')
      },
    })

    expect(() => harness.push(1, { item: 'tea', price: 3 })).toThrow(
      /operator "pricing" threw "bad list" for the record \{"item":"tea","price":3\}/,
    )
  })

  test.each([
    [2, 3],
    [3, 2],
    [2, 2],
  ])('C51: gives each of the new subtasks a copy, from %i to %i', async (before, after) => {
    const restore: HarnessSnapshot[] = []
    for (let subtask = 0; subtask < before; subtask += 1) {
      const harness = await harnessOf(pricing, { subtask, parallelism: before })
      harness.push(1, { item: 'tea', price: 3 })
      restore.push(await harness.snapshot())
    }

    for (let subtask = 0; subtask < after; subtask += 1) {
      const harness = await harnessOf(pricing, { subtask, parallelism: after, restore })
      harness.push(0, 'tea')
      expect(harness.takeValues()).toEqual(['tea 3 of 1'])
    }
  })

  test('refuses a name with a tilde when the job is defined', async () => {
    const harness = twoInputHarness<string, string, string>((left, right) =>
      left.connect(right.broadcast({ '~own': broadcastState<string, number>() })).process('op', {
        process: () => undefined,
        processBroadcast: () => undefined,
      }),
    )

    await expect(harness).rejects.toMatchObject({
      code: 'FLINKTS_JOB_INVALID',
      message:
        'job "harness" declares broadcast state "~own", but names with a tilde are flinkts\' own',
    })
  })
})
