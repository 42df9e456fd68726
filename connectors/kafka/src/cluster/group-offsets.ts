import { kafkaError } from '../protocol/error-codes.ts'
import { listGroupsApi } from '../protocol/list-groups.ts'
import { type CommittedPartition, offsetCommitApi } from '../protocol/offset-commit.ts'
import { offsetFetchApi } from '../protocol/offset-fetch.ts'
import { flattenTopics, groupByTopic, type TopicPartition } from '../protocol/topics.ts'
import { coordinatorError, type Coordinators } from './coordinators.ts'
import type { Requester } from './requester.ts'
import type { OperationOptions } from './retry.ts'
import type { OffsetToCommit } from './transactions.ts'

/** What a group has for a partition: `offset` is -1 if nothing. @internal */
export type CommittedOffset = CommittedPartition & TopicPartition

/**
 * The offsets of groups without members: this connector assigns partitions itself, and commits only
 * so that others see how far it is.
 *
 * Errors, besides those of `KafkaTransport.request`: FLINKTS_KAFKA_ UNAVAILABLE (the time is over),
 * PERMISSION_DENIED, REQUEST_REFUSED (such as a group that has members).
 *
 * @internal
 */
export class GroupOffsets {
  readonly #requester: Requester
  readonly #coordinators: Coordinators

  constructor(requester: Requester, coordinators: Coordinators) {
    this.#requester = requester
    this.#coordinators = coordinators
  }

  async commit(
    groupId: string,
    offsets: readonly OffsetToCommit[],
    options: OperationOptions = {},
  ): Promise<void> {
    const body = { groupId, topics: groupByTopic(offsets) }
    const target = { kind: 'group', key: groupId, what: 'committing offsets' } as const
    const response = await this.#coordinators.run({
      ...target,
      options,
      send: (nodeId) => this.#requester.send(nodeId, offsetCommitApi, body, options),
      errorCodes: ({ topics }) => flattenTopics(topics).map(({ errorCode }) => errorCode),
    })
    const failed = flattenTopics(response.topics).find(({ errorCode }) => errorCode !== 0)
    if (failed === undefined) return
    const detail = `at the partition ${failed.partition} of the topic "${failed.topic}"`
    throw coordinatorError(target, kafkaError(failed.errorCode), detail)
  }

  /**
   * What the group has for these partitions, in any order; undefined: for all that it has.
   *
   * @param request - With `requireStable`, offsets that an open transaction may change are waited
   * for.
   */
  async committed(
    groupId: string,
    request: {
      readonly partitions: readonly TopicPartition[] | undefined
      readonly requireStable: boolean
    },
    options: OperationOptions = {},
  ): Promise<readonly CommittedOffset[]> {
    const { partitions, requireStable } = request
    const topics =
      partitions === undefined
        ? undefined
        : groupByTopic(partitions).map((its) => ({
            topic: its.topic,
            partitions: its.partitions.map(({ partition }) => partition),
          }))
    const body = { groupId, topics, requireStable }
    const response = await this.#coordinators.succeed({
      kind: 'group',
      key: groupId,
      what: 'reading committed offsets',
      options,
      send: (nodeId) => this.#requester.send(nodeId, offsetFetchApi, body, options),
      errorCodes: (received) => [
        received.errorCode,
        ...flattenTopics(received.topics).map(({ errorCode }) => errorCode),
      ],
    })
    return flattenTopics(response.topics)
  }

  /** The state of the group; undefined: there is none, or the user may not describe it. */
  async stateOf(groupId: string, options: OperationOptions = {}): Promise<string | undefined> {
    const response = await this.#coordinators.succeed({
      kind: 'group',
      key: groupId,
      what: 'listing groups',
      options,
      send: (nodeId) => this.#requester.send(nodeId, listGroupsApi, { states: [] }, options),
      errorCodes: ({ errorCode }) => [errorCode],
    })
    return response.groups.find((group) => group.groupId === groupId)?.state
  }
}
