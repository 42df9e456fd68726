import { FlinktsError, delay } from '@flinkts/core/connector'
import type { Logger, Scheduler } from '@flinkts/core/connector'
import type { Filled, RetryOptions } from '../options.ts'

/** What a pause needs. @internal */
export interface BackoffContext {
  readonly options: { readonly retry: Filled<RetryOptions> }
  readonly logger: Logger
  readonly scheduler: Scheduler
}

/**
 * Pauses between attempts, and the limit of attempts in a row. Runs on one thread.
 *
 * @internal
 */
export class Backoff {
  readonly #context: BackoffContext
  #attempt = 0

  constructor(context: BackoffContext) {
    this.#context = context
  }

  /** Something worked: the next failure is the first one again. */
  reset(): void {
    this.#attempt = 0
  }

  /**
   * Logs a failure in one line, and waits until it is time to try again.
   *
   * @param what - What is lost, such as `the stream`.
   * @throws the failure itself if trying again cannot help, or was tried often enough
   */
  async pause(what: string, failure: unknown, signal: AbortSignal): Promise<void> {
    const { options, logger, scheduler } = this.#context
    const { attemptsMax, delayMs, delayMsMax } = options.retry
    if (signal.aborted || !isTransient(failure) || this.#attempt >= attemptsMax) throw failure
    const waitMs = Math.min(delayMsMax, delayMs * 2 ** this.#attempt)
    this.#attempt++
    const fields = { attempt: this.#attempt, attemptsMax, waitMs, reason: failure.message }
    logger.warn(`lost ${what}; trying again`, fields)
    await delay(scheduler, waitMs, signal)
  }
}

/** What was waited for already, as long as its option says. */
const waitedFor: ReadonlySet<string> = new Set([
  'FLINKTS_POSTGRES_SLOT_IN_USE',
  'FLINKTS_POSTGRES_LOOKUP_TOO_SLOW',
])

function isTransient(failure: unknown): failure is FlinktsError {
  if (!(failure instanceof FlinktsError) || !failure.retryable) return false
  return !waitedFor.has(failure.code)
}
