import { assert, unreachable } from '../common/assert.ts'
import type { PlanEdge } from '../graph/execution-plan.ts'
import type { StreamInput } from '../graph/stream-node.ts'
import { type ChannelSelector, roundRobin } from '../network/record-writer.ts'
import { userFunctionFailed } from '../operators/user-function.ts'
import { type Key, keyGroupOf, subtaskOfKeyGroup } from '../state/key.ts'

/** The sending and the receiving side of an edge. @internal */
export interface SelectorOptions {
  /** The input of the job that the edge is. */
  readonly input: StreamInput
  /** The subtask that sends. */
  readonly subtask: number
  /** How many subtasks receive. */
  readonly channelCount: number
  readonly maxParallelism: number
}

/** Which subtask a record goes to; `undefined`: to all of them. @internal */
export function channelSelector(
  edge: PlanEdge,
  options: SelectorOptions,
): ChannelSelector | undefined {
  switch (edge.partitioning) {
    case 'forward':
      return () => 0
    case 'rebalance':
      return roundRobin(options.channelCount, options.subtask)
    case 'broadcast':
      return undefined
    case 'hash':
      return hashSelector(edge, options)
    default:
      return unreachable(edge.partitioning)
  }
}

function hashSelector(edge: PlanEdge, options: SelectorOptions): ChannelSelector {
  const { input, channelCount, maxParallelism } = options
  const { partitioning } = input
  assert(partitioning.type === 'hash', 'a hash edge has a key selector')
  const { selectKey } = partitioning
  const operatorId = edge.to.vertexId
  return (value) => {
    try {
      // `keyGroupOf` refuses what is no key, whatever the types said.
      const keyGroup = keyGroupOf(selectKey(value) as Key, maxParallelism, operatorId)
      return subtaskOfKeyGroup(keyGroup, maxParallelism, channelCount)
    } catch (cause) {
      throw userFunctionFailed(operatorId, value, cause)
    }
  }
}
