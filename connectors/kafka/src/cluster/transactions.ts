import { addOffsetsToTxnApi } from '../protocol/add-offsets-to-txn.ts'
import { addPartitionsToTxnApi } from '../protocol/add-partitions-to-txn.ts'
import {
  describeTransactionsApi,
  type TransactionDescription,
} from '../protocol/describe-transactions.ts'
import { endTxnApi } from '../protocol/end-txn.ts'
import { kafkaError, kafkaErrors } from '../protocol/error-codes.ts'
import {
  initProducerIdApi,
  type InitProducerIdRequest,
  type ProducerIdentity,
} from '../protocol/init-producer-id.ts'
import {
  listTransactionsApi,
  type ListTransactionsRequest,
  type TransactionListing,
} from '../protocol/list-transactions.ts'
import type { CommittedPartition } from '../protocol/offset-commit.ts'
import {
  groupByTopic,
  type PartitionError,
  type TopicOf,
  type TopicPartition,
} from '../protocol/topics.ts'
import type { TransactionReference } from '../protocol/transaction-reference.ts'
import { txnOffsetCommitApi } from '../protocol/txn-offset-commit.ts'
import { type CoordinatorContext, coordinatorError, type Coordinators } from './coordinators.ts'
import { attemptOf, type OperationOptions, retryUntilDone } from './retry.ts'

/** What is kept of a partition for a group, with its topic. @internal */
export interface OffsetToCommit extends CommittedPartition {
  readonly topic: string
}

/**
 * What ending a transaction came to. `done`: it ended so, now or before. `fenced`: another epoch
 * has the id. `invalid-state`: it ended the other way, or nothing was open. `unknown-id`: the
 * broker forgot the id, or gave it to another producer.
 *
 * @internal
 */
export type EndTxnOutcome = 'done' | 'fenced' | 'invalid-state' | 'unknown-id'

const endOutcomes: ReadonlyMap<number, EndTxnOutcome> = new Map<number, EndTxnOutcome>([
  [kafkaErrors.NONE, 'done'],
  [kafkaErrors.PRODUCER_FENCED, 'fenced'],
  [kafkaErrors.INVALID_PRODUCER_EPOCH, 'fenced'],
  [kafkaErrors.INVALID_TXN_STATE, 'invalid-state'],
  [kafkaErrors.INVALID_PRODUCER_ID_MAPPING, 'unknown-id'],
  [kafkaErrors.TRANSACTIONAL_ID_NOT_FOUND, 'unknown-id'],
])

/**
 * Transactions by their ids. There is no producer here: whoever has a `TransactionReference` may
 * end the transaction, from any process. Every operation is tried again while its error may pass.
 *
 * Errors, besides those of `KafkaTransport.request`: FLINKTS_KAFKA_ UNAVAILABLE (the time is over),
 * PRODUCER_FENCED, PERMISSION_DENIED, REQUEST_REFUSED.
 *
 * @internal
 */
export class Transactions {
  readonly #context: CoordinatorContext
  readonly #coordinators: Coordinators

  constructor(context: CoordinatorContext, coordinators: Coordinators) {
    this.#context = context
    this.#coordinators = coordinators
  }

  /**
   * Takes the next epoch of a transactional id: what any producer has open under it is aborted, and
   * that producer is fenced.
   */
  async initProducerId(
    transactionalId: string,
    request: Pick<InitProducerIdRequest, 'transactionTimeoutMs'> & {
      readonly expected?: ProducerIdentity | undefined
    },
    options: OperationOptions = {},
  ): Promise<ProducerIdentity> {
    const { transactionTimeoutMs, expected } = request
    const body = { transactionalId, transactionTimeoutMs, expected }
    const response = await this.#coordinators.succeed({
      kind: 'transaction',
      key: transactionalId,
      what: 'initializing the producer',
      options,
      send: (nodeId) => this.#context.requester.send(nodeId, initProducerIdApi, body, options),
      errorCodes: ({ errorCode }) => [errorCode],
    })
    return { producerId: response.producerId, producerEpoch: response.producerEpoch }
  }

  /** An identity for a producer without transactions, from any broker. */
  initIdempotentProducerId(options: OperationOptions = {}): Promise<ProducerIdentity> {
    const { requester, metadata } = this.#context
    const body = { transactionalId: undefined, transactionTimeoutMs: 0, expected: undefined }
    return retryUntilDone(this.#context, options, async () => {
      const nodes = metadata.anyNodes()
      const response = await requester.sendToAny(nodes, initProducerIdApi, body, options)
      const { errorCode, producerId, producerEpoch } = response
      const operation = { what: 'initializing the producer', resource: 'the cluster' }
      return attemptOf(errorCode, { producerId, producerEpoch }, operation)
    })
  }

  /** Begins the transaction if it is none yet; must be done before anything is produced there. */
  async addPartitions(
    transaction: TransactionReference,
    partitions: readonly TopicPartition[],
    options: OperationOptions = {},
  ): Promise<void> {
    const topics = indexesByTopic(partitions)
    await this.#coordinators.succeed({
      kind: 'transaction',
      key: transaction.transactionalId,
      what: 'adding partitions to the transaction',
      options,
      send: (nodeId) =>
        this.#context.requester.send(
          nodeId,
          addPartitionsToTxnApi,
          { transaction, topics },
          options,
        ),
      errorCodes: (response) => codesOf(response.topics),
    })
  }

  /** Adds the offsets of a group; `commitOffsets` follows. */
  async addOffsets(
    transaction: TransactionReference,
    groupId: string,
    options: OperationOptions = {},
  ): Promise<void> {
    const body = { transaction, groupId }
    await this.#coordinators.succeed({
      kind: 'transaction',
      key: transaction.transactionalId,
      what: `adding the offsets of the group "${groupId}" to the transaction`,
      options,
      send: (nodeId) => this.#context.requester.send(nodeId, addOffsetsToTxnApi, body, options),
      errorCodes: ({ errorCode }) => [errorCode],
    })
  }

  /** Keeps offsets for a group if and when the transaction commits. */
  async commitOffsets(
    transaction: TransactionReference,
    groupId: string,
    offsets: readonly OffsetToCommit[],
    options: OperationOptions = {},
  ): Promise<void> {
    const body = { transaction, groupId, topics: groupByTopic(offsets) }
    await this.#coordinators.succeed({
      kind: 'group',
      key: groupId,
      what: 'committing offsets in a transaction',
      options,
      send: (nodeId) => this.#context.requester.send(nodeId, txnOffsetCommitApi, body, options),
      errorCodes: (response) => codesOf(response.topics),
    })
  }

  /** May be repeated by anyone: ending a transaction that ended so before is `done`. */
  async end(
    transaction: TransactionReference,
    end: 'commit' | 'abort',
    options: OperationOptions = {},
  ): Promise<EndTxnOutcome> {
    const target = {
      kind: 'transaction',
      key: transaction.transactionalId,
      what: end === 'commit' ? 'committing the transaction' : 'aborting the transaction',
    } as const
    const response = await this.#coordinators.run({
      ...target,
      options,
      send: (nodeId) =>
        this.#context.requester.send(nodeId, endTxnApi, { transaction, end }, options),
      errorCodes: ({ errorCode }) => [errorCode],
    })
    const outcome = endOutcomes.get(response.errorCode)
    if (outcome === undefined) throw coordinatorError(target, kafkaError(response.errorCode))
    return outcome
  }

  /**
   * The transactional ids of the whole cluster: of every broker, or an error. Ids may come that do
   * not match the pattern, as brokers before Kafka 4.1 know none.
   */
  async list(
    filter: ListTransactionsRequest,
    options: OperationOptions = {},
  ): Promise<readonly TransactionListing[]> {
    const { metadata } = this.#context
    await retryUntilDone(this.#context, options, async () => {
      await metadata.refresh([], options.signal)
      return { type: 'done', value: undefined }
    })
    const nodeIds = [...metadata.brokers.keys()]
    const lists = await Promise.all(nodeIds.map((nodeId) => this.#listOf(nodeId, filter, options)))
    return lists.flat()
  }

  /** The state of each id, in their order; `errorCode` tells which the broker does not know. */
  async describe(
    transactionalIds: readonly string[],
    options: OperationOptions = {},
  ): Promise<readonly TransactionDescription[]> {
    const descriptions = await Promise.all(
      transactionalIds.map((transactionalId) => this.#describe(transactionalId, options)),
    )
    return descriptions.flat()
  }

  #listOf(
    nodeId: number,
    filter: ListTransactionsRequest,
    options: OperationOptions,
  ): Promise<readonly TransactionListing[]> {
    const { requester } = this.#context
    return retryUntilDone(this.#context, options, async () => {
      const response = await requester.send(nodeId, listTransactionsApi, filter, options)
      const operation = { what: 'listing transactions', resource: `the broker ${nodeId}` }
      return attemptOf(response.errorCode, response.transactions, operation)
    })
  }

  async #describe(
    transactionalId: string,
    options: OperationOptions,
  ): Promise<readonly TransactionDescription[]> {
    const body = { transactionalIds: [transactionalId] }
    const response = await this.#coordinators.run({
      kind: 'transaction',
      key: transactionalId,
      what: 'describing the transaction',
      options,
      send: (nodeId) =>
        this.#context.requester.send(nodeId, describeTransactionsApi, body, options),
      errorCodes: ({ transactions }) => transactions.map(({ errorCode }) => errorCode),
    })
    return response.transactions
  }
}

/** The partitions that were not tried, as another one failed, come last: they tell nothing. */
function codesOf(topics: readonly TopicOf<PartitionError>[]): readonly number[] {
  const codes = topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode))
  const telling = codes.filter((code) => code !== kafkaErrors.OPERATION_NOT_ATTEMPTED)
  return [...telling, ...codes.filter((code) => code === kafkaErrors.OPERATION_NOT_ATTEMPTED)]
}

function indexesByTopic(partitions: readonly TopicPartition[]): readonly TopicOf<number>[] {
  return groupByTopic(partitions).map((its) => ({
    topic: its.topic,
    partitions: its.partitions.map(({ partition }) => partition),
  }))
}
