import { delay, FlinktsError } from '@flinkts/core/connector'
import type { Clock, ErrorCode, Scheduler } from '@flinkts/core/connector'
import { brokerError, type RefusedOperation } from '../connection/errors.ts'
import { isRetriable, kafkaError } from '../protocol/error-codes.ts'
import { backoffMs } from '../runtime/backoff.ts'

/** Seams of time and chance. @internal */
export interface ClusterEnvironment {
  readonly clock: Clock
  readonly scheduler: Scheduler
  /** A number from 0 (inclusive) to 1 (exclusive), for the length of pauses. */
  readonly random: () => number
}

/** What repeating needs. @internal */
export interface RetryContext extends ClusterEnvironment {
  /** Aborted when the cluster is closed: nothing is tried again then. */
  readonly closing: AbortSignal
}

/** How long an operation is tried. @internal */
export interface OperationOptions {
  /** After so long no further attempt is made; 60 000 unless said. */
  readonly timeoutMs?: number | undefined
  /** Ends the operation, which then rejects with its reason; what was sent may be done. */
  readonly signal?: AbortSignal | undefined
}

/** What an attempt came to: its result, or an error that another attempt may not meet. @internal */
export type Attempt<T> =
  | { readonly type: 'done'; readonly value: T }
  | { readonly type: 'again'; readonly error: FlinktsError }

const operationTimeoutMs = 60_000
/** Transactions that end take a few milliseconds; a broker that starts takes seconds. */
const pauses = { minMs: 20, maxMs: 1_000 }

/** After these the same may be tried again, maybe elsewhere. */
const transient: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'FLINKTS_KAFKA_UNREACHABLE',
  'FLINKTS_KAFKA_CONNECTION_LOST',
  'FLINKTS_KAFKA_REQUEST_TIMED_OUT',
  'FLINKTS_KAFKA_UNAVAILABLE',
])

/** Whether an attempt that threw this may succeed later. @internal */
export function isTransient(error: unknown): error is FlinktsError {
  return error instanceof FlinktsError && transient.has(error.code)
}

/**
 * Tries until an attempt is done, with pauses in between that double.
 *
 * @param attempt - Throws what cannot be mended; what `isTransient` it may throw too.
 * @throws the error of the last attempt when the time is over
 * @internal
 */
export async function retryUntilDone<T>(
  { clock, scheduler, random, closing }: RetryContext,
  { timeoutMs = operationTimeoutMs, signal }: OperationOptions,
  attempt: () => Promise<Attempt<T>>,
): Promise<T> {
  const deadlineMs = clock.monotonic() + timeoutMs
  for (let failureCount = 1; ; failureCount++) {
    signal?.throwIfAborted()
    const outcome = await attempt().catch(againIfTransient)
    if (outcome.type === 'done') return outcome.value
    const pauseMs = backoffMs(pauses, failureCount, random)
    if (closing.aborted || clock.monotonic() + pauseMs >= deadlineMs) throw outcome.error
    await delay(
      scheduler,
      pauseMs,
      signal === undefined ? closing : AbortSignal.any([signal, closing]),
    )
  }
}

/**
 * What a response with an error code comes to: `value` without an error, another attempt if it may
 * pass.
 *
 * @throws FlinktsError as `brokerError`, for all other errors
 * @internal
 */
export function attemptOf<T>(errorCode: number, value: T, operation: RefusedOperation): Attempt<T> {
  const code = kafkaError(errorCode)
  if (code.reaction === 'none') return { type: 'done', value }
  const error = brokerError(code, operation)
  if (isRetriable(code)) return { type: 'again', error }
  throw error
}

function againIfTransient(error: unknown): {
  readonly type: 'again'
  readonly error: FlinktsError
} {
  if (isTransient(error)) return { type: 'again', error }
  throw error
}
