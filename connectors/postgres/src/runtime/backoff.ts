import { FlinktsError, delay } from '@flinkts/core/connector'
import type { SourceContext } from './source-context.ts'

/**
 * Pauses between attempts, and the limit of attempts in a row. Runs on one thread.
 *
 * @internal
 */
export class Backoff {
  readonly #context: SourceContext
  #attempt = 0

  constructor(context: SourceContext) {
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

/** A slot in use was waited for already. */
function isTransient(failure: unknown): failure is FlinktsError {
  if (!(failure instanceof FlinktsError) || !failure.retryable) return false
  return failure.code !== 'FLINKTS_POSTGRES_SLOT_IN_USE'
}
