import { FlinktsError } from '../../common/errors.ts'

/** How a failed call is repeated. @public */
export interface AsyncRetry {
  /** Calls of the function for a record, the first one included; a whole number >= 1. */
  readonly attemptsMax: number
  /** The pause before the second call, in milliseconds, >= 0. */
  readonly delayMs: number
  /** By what the pause grows from call to call, >= 1; default: 1, it stays the same. */
  readonly backoff?: number
  /** Whether to repeat the call after this failure; default: always. */
  readonly retryOn?: (cause: unknown) => boolean
}

/** Settings of `mapAsync` and `flatMapAsync`; `Result` is what the function resolves to. @public */
export interface AsyncOptions<T, Result> {
  /**
   * The time for a record in milliseconds, over all calls and the pauses between them; above 0 and
   * up to 2^31 - 1.
   */
  readonly timeoutMs: number
  /**
   * True (the default): results come in the order of the records. False: as they are there, but
   * none overtakes a watermark.
   */
  readonly ordered?: boolean
  /**
   * Records and watermarks that are under way in a subtask at once; a whole number >= 1, default
   * 100. When it is reached, the input waits.
   */
  readonly capacity?: number
  /** Default: the first failure of the function fails the job. */
  readonly retry?: AsyncRetry
  /** What happens when the time is up; default: `fail`. Or what is emitted instead. */
  readonly onTimeout?: 'fail' | ((value: T) => Result)
}

/** `AsyncOptions` with every default filled in, without the types of records. @internal */
export interface ResolvedAsyncOptions {
  readonly timeoutMs: number
  readonly ordered: boolean
  readonly capacity: number
  readonly retry: Required<AsyncRetry>
  readonly onTimeout: 'fail' | ((value: unknown) => unknown)
}

const timeoutMsMax = 2 ** 31 - 1
const once: AsyncRetry = { attemptsMax: 1, delayMs: 0 }

/**
 * Checks the options of the operator `operatorId`.
 *
 * @throws FlinktsError FLINKTS_OPTION_INVALID
 * @internal
 */
export function resolveAsyncOptions<T, Result>(
  operatorId: string,
  options: AsyncOptions<T, Result>,
): ResolvedAsyncOptions {
  const { timeoutMs, ordered = true, capacity = 100, onTimeout = 'fail' } = options
  const { attemptsMax, delayMs, backoff = 1, retryOn = () => true } = options.retry ?? once
  const check = (name: string, value: number, allowed: string, valid: boolean): void => {
    if (!valid) throw invalid(operatorId, { name, value, allowed })
  }
  const whole = 'a whole number >= 1'
  const inTime = timeoutMs > 0 && timeoutMs <= timeoutMsMax
  check('timeoutMs', timeoutMs, 'a number above 0, up to 2^31 - 1', inTime)
  check('capacity', capacity, whole, Number.isInteger(capacity) && capacity >= 1)
  const counted = Number.isInteger(attemptsMax) && attemptsMax >= 1
  check('retry.attemptsMax', attemptsMax, whole, counted)
  check('retry.delayMs', delayMs, 'a number >= 0', delayMs >= 0)
  check('retry.backoff', backoff, 'a number >= 1', backoff >= 1)
  return {
    timeoutMs,
    ordered,
    capacity,
    retry: { attemptsMax, delayMs, backoff, retryOn },
    // Only records of the stream reach it.
    onTimeout: onTimeout as ResolvedAsyncOptions['onTimeout'],
  }
}

function invalid(
  operatorId: string,
  option: { readonly name: string; readonly value: number; readonly allowed: string },
): FlinktsError {
  return new FlinktsError(
    'FLINKTS_OPTION_INVALID',
    `option ${option.name} of async operator "${operatorId}" is ${option.value}`,
    { hint: `Use ${option.allowed}.` },
  )
}
