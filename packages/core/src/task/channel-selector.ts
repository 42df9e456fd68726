import { assert, unreachable } from '../common/assert.ts'
import { crc32c } from '../common/crc32c.ts'
import { FlinktsError } from '../common/errors.ts'
import { type Prng, randomBelow, SeededPrng } from '../common/prng.ts'
import type { PlanEdge } from '../graph/execution-plan.ts'
import type { CustomPartitioner, StreamInput } from '../graph/stream-node.ts'
import { type ChannelSelector, roundRobin } from '../network/record-writer.ts'
import { describeRecord, userFunctionFailed } from '../operators/user-function.ts'
import { type Key, keyGroupOf, subtaskOfKeyGroup } from '../state/key.ts'

/** The sending and the receiving side of an edge. @internal */
export interface SelectorOptions {
  /** The input of the job that the edge is. */
  readonly input: StreamInput
  /** The subtask that sends. */
  readonly subtask: number
  /** How many subtasks it sends to. */
  readonly channelCount: number
  readonly maxParallelism: number
}

/**
 * Which subtask a record goes to, or the key of a combined one; `undefined`: to all of them.
 *
 * @internal
 */
export function channelSelector(
  edge: PlanEdge,
  options: SelectorOptions,
): ChannelSelector | undefined {
  const { channelCount, subtask, input } = options
  const { partitioning } = input
  switch (edge.partitioning) {
    case 'forward':
    case 'global':
      return () => 0
    case 'rebalance':
    case 'rescale':
      return roundRobin(channelCount, subtask)
    case 'broadcast':
      return undefined
    case 'shuffle':
      return shuffled(channelCount, new SeededPrng(seedOf(edge, subtask)))
    case 'hash':
      assert(partitioning.type === 'hash', 'a hash edge has a key selector')
      return hashed(edge, edge.combined === true ? itself : partitioning.selectKey, options)
    case 'custom':
      assert(partitioning.type === 'custom', 'a custom edge has a partitioner')
      return custom(edge, partitioning, channelCount)
    default:
      return unreachable(edge.partitioning)
  }
}

function hashed(
  edge: PlanEdge,
  selectKey: (value: unknown) => unknown,
  { channelCount, maxParallelism }: SelectorOptions,
): ChannelSelector {
  const operatorId = edge.to.vertexId
  // Like nothing at first.
  let lastKey: unknown = Number.NaN
  let lastChannel = 0
  return (value) => {
    try {
      const key = selectKey(value)
      // Records often come with the key of the one before. A tuple may have changed since.
      if (key === lastKey && typeof key !== 'object') return lastChannel
      // Refuses what is no key, whatever the types said.
      const keyGroup = keyGroupOf(key as Key, maxParallelism, operatorId)
      lastChannel = subtaskOfKeyGroup(keyGroup, maxParallelism, channelCount)
      lastKey = key
      return lastChannel
    } catch (cause) {
      throw userFunctionFailed(operatorId, value, cause)
    }
  }
}

/** Combined records are sent by their key. */
function itself(key: unknown): unknown {
  return key
}

/** The same in every run: what a seed of a simulation did, it does again. */
function seedOf(edge: PlanEdge, subtask: number): number {
  const { from, to, inputIndex } = edge
  const name = [from.operatorId, from.tag ?? '', to.vertexId, inputIndex, subtask].join(' ')
  return crc32c(new TextEncoder().encode(name))
}

function shuffled(channelCount: number, prng: Prng): ChannelSelector {
  return () => randomBelow(prng, channelCount)
}

function custom(
  edge: PlanEdge,
  { partition, selectKey }: CustomPartitioner,
  channelCount: number,
): ChannelSelector {
  const operatorId = edge.to.vertexId
  return (value) => {
    let chosen: number
    try {
      chosen = partition(selectKey(value), channelCount)
    } catch (cause) {
      throw userFunctionFailed(operatorId, value, cause)
    }
    if (Number.isInteger(chosen) && chosen >= 0 && chosen < channelCount) return chosen
    throw partitionInvalid({ operatorId, channelCount, chosen, value })
  }
}

function partitionInvalid(found: {
  readonly operatorId: string
  readonly channelCount: number
  readonly chosen: unknown
  readonly value: unknown
}): FlinktsError {
  return new FlinktsError(
    'FLINKTS_PARTITION_INVALID',
    `the partitioner before operator "${found.operatorId}" chose subtask ` +
      `${String(found.chosen)} for the record ${describeRecord(found.value)}`,
    { hint: `Return a whole number from 0 to ${found.channelCount - 1}: one of the subtasks.` },
  )
}
