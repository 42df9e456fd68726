import { addOffsetsToTxnApi } from '../../src/protocol/add-offsets-to-txn.ts'
import { addPartitionsToTxnApi } from '../../src/protocol/add-partitions-to-txn.ts'
import type { Api } from '../../src/protocol/api.ts'
import { apiVersionsApi } from '../../src/protocol/api-versions.ts'
import { createTopicsApi } from '../../src/protocol/create-topics.ts'
import { describeConfigsApi } from '../../src/protocol/describe-configs.ts'
import { describeTransactionsApi } from '../../src/protocol/describe-transactions.ts'
import { endTxnApi } from '../../src/protocol/end-txn.ts'
import { fetchApi } from '../../src/protocol/fetch.ts'
import { findCoordinatorApi } from '../../src/protocol/find-coordinator.ts'
import { initProducerIdApi } from '../../src/protocol/init-producer-id.ts'
import { listGroupsApi } from '../../src/protocol/list-groups.ts'
import { listOffsetsApi } from '../../src/protocol/list-offsets.ts'
import { listTransactionsApi } from '../../src/protocol/list-transactions.ts'
import { metadataApi } from '../../src/protocol/metadata.ts'
import { offsetCommitApi } from '../../src/protocol/offset-commit.ts'
import { offsetFetchApi } from '../../src/protocol/offset-fetch.ts'
import { offsetForLeaderEpochApi } from '../../src/protocol/offset-for-leader-epoch.ts'
import { produceApi } from '../../src/protocol/produce.ts'
import { txnOffsetCommitApi } from '../../src/protocol/txn-offset-commit.ts'

/** The messages of `golden/messages.json` as this connector has them. */
export interface GoldenCase {
  readonly api: Api<never, unknown>
  /** The request, encoded by `encode`. */
  readonly request: unknown
  /** What the response of a version says. */
  readonly response: (version: number) => unknown
}

function golden<Request, Response>(
  api: Api<Request, Response>,
  request: Request,
  response: (version: number) => Response,
): GoldenCase {
  return { api, request, response }
}

const transaction = { transactionalId: 'job-0-1', producerId: 4000, producerEpoch: 8 }
const none = undefined

export const goldenCases: readonly GoldenCase[] = [
  golden(apiVersionsApi, undefined, () => ({
    errorCode: 0,
    versions: new Map([
      [1, { min: 4, max: 17 }],
      [18, { min: 0, max: 4 }],
    ]),
  })),
  golden(
    metadataApi,
    { topics: ['orders', 'größe'], allowAutoTopicCreation: false },
    (version) => ({
      clusterId: '5L6g3nShT-eMCtK--X86sw',
      controllerId: 2,
      brokers: [
        { nodeId: 1, host: 'one.example', port: 9092, rack: none },
        { nodeId: 2, host: 'two.example', port: 19_092, rack: 'b' },
      ],
      topics: [
        {
          errorCode: 0,
          topic: 'orders',
          topicId: version >= 10 ? 'QWxzIGRhcyBLaW5kIEtpbg' : none,
          internal: false,
          partitions: [
            {
              errorCode: 0,
              partition: 0,
              leaderId: 1,
              leaderEpoch: 12,
              replicaIds: [1, 2],
              inSyncReplicaIds: [1],
              offlineReplicaIds: [2],
            },
            {
              errorCode: 5,
              partition: 1,
              leaderId: -1,
              leaderEpoch: -1,
              replicaIds: [2],
              inSyncReplicaIds: [],
              offlineReplicaIds: [2],
            },
          ],
        },
        { errorCode: 3, topic: 'gone', topicId: none, internal: true, partitions: [] },
      ],
    }),
  ),
  golden(
    fetchApi,
    {
      waitMsMax: 500,
      bytesMin: 1,
      bytesMax: 52_428_800,
      isolation: 'read-committed',
      sessionId: 77,
      sessionEpoch: 3,
      rackId: 'eu-1',
      topics: [
        {
          topic: 'orders',
          partitions: [
            {
              partition: 4,
              currentLeaderEpoch: 12,
              fetchOffset: 9_007_199_254_740_990,
              lastFetchedEpoch: 11,
              partitionBytesMax: 1_048_576,
            },
          ],
        },
      ],
      forgottenTopics: [{ topic: 'old', partitions: [0, 2] }],
    },
    (version) => ({
      throttleTimeMs: 9,
      errorCode: 0,
      sessionId: 77,
      topics: [
        {
          topic: 'orders',
          partitions: [
            {
              partition: 4,
              errorCode: 0,
              highWatermark: 4_294_967_296,
              lastStableOffset: 4_294_967_290,
              logStartOffset: 5,
              divergingEpoch: none,
              currentLeader: none,
              abortedTransactions: [
                { producerId: 4001, firstOffset: 90 },
                { producerId: 4000, firstOffset: 80 },
              ],
              preferredReadReplica: 2,
              records: Buffer.from([0, 1, 2, 3]),
            },
            {
              partition: 5,
              errorCode: 74,
              highWatermark: -1,
              lastStableOffset: -1,
              logStartOffset: -1,
              divergingEpoch: version >= 12 ? { epoch: 6, endOffset: 300 } : none,
              currentLeader: version >= 12 ? { leaderId: 3, leaderEpoch: 13 } : none,
              abortedTransactions: [],
              preferredReadReplica: -1,
              records: Buffer.alloc(0),
            },
          ],
        },
      ],
    }),
  ),
  golden(
    produceApi,
    {
      transactionalId: 'job-0-1',
      acks: -1,
      timeoutMs: 30_000,
      topics: [
        {
          topic: 'orders',
          partitions: [
            { partition: 0, records: Buffer.from([0, 1, 2, 3, 4]) },
            { partition: 3, records: Buffer.from([10]) },
          ],
        },
      ],
    },
    (version) => ({
      throttleTimeMs: 4,
      topics: [
        {
          topic: 'orders',
          partitions: [
            {
              partition: 0,
              errorCode: 0,
              baseOffset: 123,
              logAppendTimeMs: -1,
              logStartOffset: 5,
              recordErrors: [],
              errorMessage: none,
              currentLeader: none,
            },
            {
              partition: 3,
              errorCode: 87,
              baseOffset: -1,
              logAppendTimeMs: 1_700_000_000_000,
              logStartOffset: -1,
              recordErrors:
                version >= 8
                  ? [
                      { recordIndex: 2, message: 'key is null' },
                      { recordIndex: 3, message: none },
                    ]
                  : [],
              errorMessage: version >= 8 ? 'no key' : none,
              currentLeader: version >= 10 ? { leaderId: 3, leaderEpoch: 13 } : none,
            },
          ],
        },
      ],
    }),
  ),
  golden(
    listOffsetsApi,
    {
      isolation: 'read-committed',
      topics: [
        {
          topic: 'orders',
          partitions: [
            { partition: 0, currentLeaderEpoch: 12, timestamp: -2 },
            { partition: 1, currentLeaderEpoch: -1, timestamp: 1_700_000_000_000 },
          ],
        },
      ],
    },
    () => ({
      topics: [
        {
          topic: 'orders',
          partitions: [
            { partition: 0, errorCode: 0, timestamp: -1, offset: 5, leaderEpoch: 2 },
            { partition: 1, errorCode: 6, timestamp: -1, offset: -1, leaderEpoch: -1 },
          ],
        },
      ],
    }),
  ),
  golden(
    offsetForLeaderEpochApi,
    {
      topics: [
        {
          topic: 'orders',
          partitions: [{ partition: 0, currentLeaderEpoch: 12, leaderEpoch: 11 }],
        },
      ],
    },
    () => ({
      topics: [
        {
          topic: 'orders',
          partitions: [{ partition: 0, errorCode: 0, leaderEpoch: 11, endOffset: 345 }],
        },
      ],
    }),
  ),
  golden(
    offsetCommitApi,
    {
      groupId: 'readers',
      topics: [
        {
          topic: 'orders',
          partitions: [
            { partition: 0, offset: 900, leaderEpoch: 12, metadata: '' },
            { partition: 1, offset: 901, leaderEpoch: -1, metadata: 'chk 7' },
          ],
        },
      ],
    },
    () => ({
      topics: [
        {
          topic: 'orders',
          partitions: [
            { partition: 0, errorCode: 0 },
            { partition: 1, errorCode: 30 },
          ],
        },
      ],
    }),
  ),
  golden(
    offsetFetchApi,
    { groupId: 'readers', topics: [{ topic: 'orders', partitions: [0, 1] }], requireStable: true },
    () => ({
      errorCode: 0,
      topics: [
        {
          topic: 'orders',
          partitions: [
            { partition: 0, offset: 900, leaderEpoch: 12, metadata: 'chk 7', errorCode: 0 },
            { partition: 1, offset: -1, leaderEpoch: -1, metadata: '', errorCode: 88 },
          ],
        },
      ],
    }),
  ),
  golden(findCoordinatorApi, { kind: 'transaction', key: 'job-0-1' }, () => ({
    errorCode: 15,
    errorMessage: 'not yet',
    nodeId: 2,
    host: 'two.example',
    port: 9092,
  })),
  golden(
    initProducerIdApi,
    {
      transactionalId: 'job-0-1',
      transactionTimeoutMs: 900_000,
      expected: { producerId: 4000, producerEpoch: 7 },
    },
    () => ({ errorCode: 0, producerId: 4000, producerEpoch: 8 }),
  ),
  golden(
    addPartitionsToTxnApi,
    { transaction, topics: [{ topic: 'orders', partitions: [0, 3] }] },
    () => ({
      topics: [
        {
          topic: 'orders',
          partitions: [
            { partition: 0, errorCode: 0 },
            { partition: 3, errorCode: 3 },
          ],
        },
      ],
    }),
  ),
  golden(addOffsetsToTxnApi, { transaction, groupId: 'readers' }, () => ({ errorCode: 51 })),
  golden(
    endTxnApi,
    {
      transaction: { transactionalId: 'job-0-1', producerId: 2 ** 32, producerEpoch: 32_766 },
      end: 'commit',
    },
    () => ({ errorCode: 90 }),
  ),
  golden(
    txnOffsetCommitApi,
    {
      transaction,
      groupId: 'readers',
      topics: [
        {
          topic: 'orders',
          partitions: [{ partition: 0, offset: 900, leaderEpoch: -1, metadata: 'm' }],
        },
      ],
    },
    () => ({ topics: [{ topic: 'orders', partitions: [{ partition: 0, errorCode: 47 }] }] }),
  ),
  golden(listGroupsApi, { states: ['Stable'] }, () => ({
    errorCode: 0,
    groups: [
      { groupId: 'billing', state: 'Stable' },
      { groupId: 'audit', state: 'Empty' },
    ],
  })),
  golden(listTransactionsApi, { states: ['Ongoing'], transactionalIdPattern: 'job-.*' }, () => ({
    errorCode: 0,
    unknownStates: ['Odd'],
    transactions: [
      { transactionalId: 'job-0-1', producerId: 4000, state: 'Ongoing' },
      { transactionalId: 'job-0-2', producerId: 4001, state: 'Ongoing' },
    ],
  })),
  golden(describeTransactionsApi, { transactionalIds: ['job-0-1', 'job-0-2'] }, () => ({
    transactions: [
      {
        errorCode: 0,
        transactionalId: 'job-0-1',
        state: 'Ongoing',
        timeoutMs: 900_000,
        startTimeMs: 1_700_000_000_000,
        producerId: 4000,
        producerEpoch: 8,
        topics: [{ topic: 'orders', partitions: [0, 3] }],
      },
      {
        errorCode: 105,
        transactionalId: 'job-0-2',
        state: '',
        timeoutMs: 0,
        startTimeMs: -1,
        producerId: -1,
        producerEpoch: -1,
        topics: [],
      },
    ],
  })),
  golden(
    describeConfigsApi,
    {
      resources: [
        { kind: 'broker', name: '1', settings: ['transaction.max.timeout.ms'] },
        { kind: 'topic', name: 'orders', settings: undefined },
      ],
    },
    () => ({
      resources: [
        {
          name: '1',
          errorCode: 0,
          errorMessage: none,
          entries: [
            { name: 'transaction.max.timeout.ms', value: '900000' },
            { name: 'ssl.key.password', value: none },
          ],
        },
        { name: 'orders', errorCode: 29, errorMessage: 'denied', entries: [] },
      ],
    }),
  ),
  golden(
    createTopicsApi,
    {
      timeoutMs: 15_000,
      topics: [
        {
          topic: 'orders',
          partitionCount: 3,
          replicationFactor: -1,
          settings: { 'cleanup.policy': 'compact' },
        },
      ],
    },
    () => ({
      topics: [
        { topic: 'orders', errorCode: 0, errorMessage: none },
        { topic: 'bad', errorCode: 36, errorMessage: 'exists' },
      ],
    }),
  ),
]
