import type { FlinktsError } from '@flinkts/core/connector'
import { brokerError } from '../connection/errors.ts'
import {
  isRetriable,
  kafkaError,
  kafkaErrors,
  type KafkaErrorCode,
} from '../protocol/error-codes.ts'
import { type CoordinatorKind, findCoordinatorApi } from '../protocol/find-coordinator.ts'
import type { MetadataCache } from './metadata-cache.ts'
import type { Requester } from './requester.ts'
import {
  type Attempt,
  type RetryContext,
  isTransient,
  type OperationOptions,
  retryUntilDone,
} from './retry.ts'

/** What a coordinator is needed for. @internal */
export interface CoordinatorTarget {
  readonly kind: CoordinatorKind
  /** The group, or the transactional id. */
  readonly key: string
}

/** An operation on a coordinator. @internal */
export interface CoordinatedOperation<Response> extends CoordinatorTarget {
  /** Such as `ending the transaction`, for the message of an error. */
  readonly what: string
  readonly options: OperationOptions
  readonly send: (nodeId: number) => Promise<Response>
  /** The error codes of a response; while one of them may pass, it is tried again. */
  readonly errorCodes: (response: Response) => readonly number[]
}

/** What the class needs. @internal */
export interface CoordinatorContext extends RetryContext {
  readonly requester: Requester
  readonly metadata: MetadataCache
}

/** More ids than any process uses; beyond it all are looked up again. */
const coordinatorsMax = 10_000

/** Knows which broker coordinates which group or transactional id. Runs on one thread. @internal */
export class Coordinators {
  readonly #context: CoordinatorContext
  readonly #nodeIds: Record<CoordinatorKind, Map<string, number>>

  constructor(context: CoordinatorContext) {
    this.#context = context
    this.#nodeIds = { group: new Map(), transaction: new Map() }
  }

  /**
   * Sends to the coordinator, and tries again as long as it moves, loads, is busy or unreachable.
   *
   * @returns the first response without an error that may pass; its other errors are for the
   * caller.
   * @throws FlinktsError FLINKTS_KAFKA_UNAVAILABLE when the time is over, or as
   * `KafkaTransport.request`
   */
  run<Response>(operation: CoordinatedOperation<Response>): Promise<Response> {
    return retryUntilDone(this.#context, operation.options, () => this.#attempt(operation))
  }

  /**
   * As `run`, for an operation of which every error is an error.
   *
   * @throws FlinktsError as `brokerError`, for the first error code, too
   */
  async succeed<Response>(operation: CoordinatedOperation<Response>): Promise<Response> {
    const response = await this.run(operation)
    const failed = operation.errorCodes(response).find((code) => code !== 0)
    if (failed !== undefined) throw coordinatorError(operation, kafkaError(failed))
    return response
  }

  async #attempt<Response>(operation: CoordinatedOperation<Response>): Promise<Attempt<Response>> {
    const nodeId = await this.#find(operation, operation.options.signal)
    const response = await operation.send(nodeId).catch((error: unknown) => {
      if (isTransient(error)) this.#forget(operation)
      throw error
    })
    const passing = operation.errorCodes(response).map(kafkaError).find(isRetriable)
    if (passing === undefined) return { type: 'done', value: response }
    await this.#mend(operation, passing)
    return { type: 'again', error: coordinatorError(operation, passing) }
  }

  async #mend(
    operation: CoordinatorTarget & { readonly options: OperationOptions },
    { reaction }: KafkaErrorCode,
  ): Promise<void> {
    if (reaction === 'refind-coordinator-and-retry') this.#forget(operation)
    if (reaction !== 'refresh-metadata-and-retry') return
    await this.#context.metadata.refresh([], operation.options.signal)
  }

  async #find(target: CoordinatorTarget, signal: AbortSignal | undefined): Promise<number> {
    const { kind, key } = target
    const known = this.#nodeIds[kind].get(key)
    const { metadata, requester } = this.#context
    // A broker that is gone is no coordinator any more.
    if (known !== undefined && metadata.brokers.has(known)) return known
    if (metadata.brokers.size === 0) await metadata.refresh([], signal)
    const request = { kind, key }
    const found = await requester.sendToAny(metadata.anyNodes(), findCoordinatorApi, request, {
      signal,
    })
    if (found.errorCode !== 0) {
      const what = { ...target, what: 'finding the coordinator' }
      throw coordinatorError(what, kafkaError(found.errorCode), found.errorMessage)
    }
    if (!metadata.brokers.has(found.nodeId)) await metadata.refresh([], signal)
    // What was named may have left the cluster since.
    if (!metadata.brokers.has(found.nodeId)) {
      const unknown = kafkaError(kafkaErrors.COORDINATOR_NOT_AVAILABLE)
      throw coordinatorError({ ...target, what: 'finding the coordinator' }, unknown)
    }
    if (this.#nodeIds[kind].size >= coordinatorsMax) this.#nodeIds[kind].clear()
    this.#nodeIds[kind].set(key, found.nodeId)
    return found.nodeId
  }

  #forget({ kind, key }: CoordinatorTarget): void {
    this.#nodeIds[kind].delete(key)
  }
}

/**
 * The error of an error code of a coordinator.
 *
 * @internal
 */
export function coordinatorError(
  { kind, key, what }: CoordinatorTarget & { readonly what: string },
  error: KafkaErrorCode,
  detail?: string,
): FlinktsError {
  const name = kind === 'group' ? 'the group' : 'the transactional id'
  return brokerError(error, { what, resource: `${name} "${key}"`, detail })
}
