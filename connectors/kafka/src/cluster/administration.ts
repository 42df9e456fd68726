import { type CreatedTopic, createTopicsApi, type NewTopic } from '../protocol/create-topics.ts'
import {
  type ConfigResourceRequest,
  type ConfigResourceResponse,
  describeConfigsApi,
} from '../protocol/describe-configs.ts'
import { kafkaErrors } from '../protocol/error-codes.ts'
import type { PartitionContext } from './partition-offsets.ts'
import { attemptOf, type OperationOptions, retryUntilDone } from './retry.ts'

const createTimeoutMs = 15_000

/** Settings and topics. Errors of single resources are data. @internal */
export class Administration {
  readonly #context: PartitionContext

  constructor(context: PartitionContext) {
    this.#context = context
  }

  /**
   * The settings of topics, or of one broker.
   *
   * @param resources - At least one; a broker only alone, as only it knows its own settings.
   */
  describeConfigs(
    resources: readonly ConfigResourceRequest[],
    options: OperationOptions = {},
  ): Promise<readonly ConfigResourceResponse[]> {
    const { requester, metadata } = this.#context
    const broker = resources.find(({ kind }) => kind === 'broker')
    return retryUntilDone(this.#context, options, async () => {
      if (metadata.brokers.size === 0) await metadata.refresh([], options.signal)
      const nodes = broker === undefined ? metadata.anyNodes() : [Number(broker.name)]
      const response = await requester.sendToAny(nodes, describeConfigsApi, { resources }, options)
      return { type: 'done', value: response.resources }
    })
  }

  /** Makes topics; `errorCode` of each tells how it went, as when it is there already. */
  createTopics(
    topics: readonly NewTopic[],
    options: OperationOptions = {},
  ): Promise<readonly CreatedTopic[]> {
    const { requester, metadata } = this.#context
    const request = { topics, timeoutMs: createTimeoutMs }
    return retryUntilDone(this.#context, options, async () => {
      await metadata.refresh([], options.signal)
      const { controllerId } = metadata
      const nodes = controllerId < 0 ? metadata.anyNodes() : [controllerId]
      const response = await requester.sendToAny(nodes, createTopicsApi, request, {
        ...options,
        extraTimeoutMs: createTimeoutMs,
      })
      const moved = response.topics.find(
        ({ errorCode }) => errorCode === kafkaErrors.NOT_CONTROLLER,
      )
      const operation = { what: 'creating topics', resource: 'the cluster' }
      return attemptOf(moved?.errorCode ?? 0, response.topics, operation)
    })
  }
}
