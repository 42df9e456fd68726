import { describe, expect, test } from 'vitest'
import type { PlanPartitioning } from '../../src/graph/execution-plan.ts'
import type { Partitioning } from '../../src/graph/stream-node.ts'
import type { ChannelSelector } from '../../src/network/record-writer.ts'
import { channelSelector, type SelectorOptions } from '../../src/task/channel-selector.ts'
import { keyGroupOf, subtaskOfKeyGroup } from '../../src/state/key.ts'

function selectorOf(
  partitioning: Partitioning,
  parts: Partial<SelectorOptions> & { planned?: PlanPartitioning } = {},
): ChannelSelector | undefined {
  const { planned = partitioning.type, ...options } = parts
  const edge = {
    from: { vertexId: 'in', operatorId: 'in' },
    to: { vertexId: 'out' },
    partitioning: planned,
    inputIndex: 0,
  }
  const input = { from: 0, partitioning }
  return channelSelector(edge, {
    ...{ input, subtask: 1, channelCount: 3, maxParallelism: 128 },
    ...options,
  })
}

function choices(select: ChannelSelector | undefined, values: readonly unknown[]): number[] {
  return values.map((value) => select?.(value) ?? -1)
}

const twelve = Array.from({ length: 12 }, (_, index) => index)

describe('the channel of a record', () => {
  test.each([
    ['forward', [0, 0, 0]],
    ['global', [0, 0, 0]],
    ['rebalance', [1, 2, 0]],
    ['rescale', [1, 2, 0]],
  ] as const)('goes by its turn when partitioned by %s', (type, expected) => {
    expect(choices(selectorOf({ type }), ['a', 'b', 'c'])).toEqual(expected)
  })

  test('is every one when broadcast', () => {
    expect(selectorOf({ type: 'broadcast' })).toBeUndefined()
  })

  test('is that of the key group of its key', () => {
    const select = selectorOf({ type: 'hash', selectKey: (value) => `key ${String(value)}` })

    const expected = twelve.map((value) => {
      return subtaskOfKeyGroup(keyGroupOf(`key ${value}`, 128, 'out'), 128, 3)
    })
    expect(choices(select, twelve)).toEqual(expected)
  })

  test('is random when shuffled, the same in every run, another in another subtask', () => {
    const many = Array.from({ length: 3000 }, (_, index) => index)

    const chosen = choices(selectorOf({ type: 'shuffle' }), many)

    const counts = [0, 1, 2].map((channel) => chosen.filter((other) => other === channel).length)
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(120)
    expect(choices(selectorOf({ type: 'shuffle' }), many)).toEqual(chosen)
    expect(choices(selectorOf({ type: 'shuffle' }, { subtask: 2 }), many)).not.toEqual(chosen)
  })

  test('is what the partitioner of the job chooses for its key', () => {
    const select = selectorOf({
      type: 'custom',
      selectKey: (value) => Number(value) * 2,
      partition: (key, count) => Number(key) % count,
    })

    expect(choices(select, [0, 1, 2, 3])).toEqual([0, 2, 1, 0])
  })

  test.each([3, -1, 0.5, Number.NaN, undefined, '0'])(
    'cannot be %j, which the partitioner chose',
    (chosen) => {
      const select = selectorOf({
        type: 'custom',
        selectKey: (value) => value,
        partition: () => chosen as number,
      })

      const choose = (): unknown => select?.({ id: 7 })

      expect(choose).toThrow(
        expect.objectContaining({
          code: 'FLINKTS_PARTITION_INVALID',
          message:
            `the partitioner before operator "out" chose subtask ${String(chosen)} for the ` +
            'record {"id":7}',
          hint: 'Return a whole number from 0 to 2: one of the subtasks.',
        }),
      )
    },
  )

  test('is not known when a function of the job throws', () => {
    const fail = (): never => {
      throw new Error('boom')
    }

    for (const partitioning of [
      { type: 'hash', selectKey: fail },
      { type: 'custom', selectKey: fail, partition: () => 0 },
      { type: 'custom', selectKey: (value: unknown) => value, partition: fail },
    ] as const) {
      const choose = (): unknown => selectorOf(partitioning)?.({ id: 7 })
      expect(choose).toThrow(expect.objectContaining({ code: 'FLINKTS_USER_FUNCTION_FAILED' }))
    }
  })
})
