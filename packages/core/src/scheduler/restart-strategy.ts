import { FlinktsError } from '../common/errors.ts'
import type { Prng } from '../common/prng.ts'

/**
 * What happens after a failure that a restart may help.
 * - `none`: the job fails.
 * - `fixed-delay`: it is started again after `delayMs`, `attemptsMax` times in all.
 * - `exponential-delay`: it is started again after a delay that grows from `initialDelayMs` by
 *   `multiplier` to `delayMsMax`, with +-10 % jitter; after `attemptsMax` failures in a row it
 *   fails. A run of `resetAfterMs` without a failure starts the count and the delay anew.
 *
 * @public
 */
export type RestartStrategy =
  | { readonly type: 'none' }
  | { readonly type: 'fixed-delay'; readonly attemptsMax: number; readonly delayMs: number }
  | {
      readonly type: 'exponential-delay'
      readonly initialDelayMs: number
      readonly multiplier: number
      readonly delayMsMax: number
      readonly attemptsMax: number
      readonly resetAfterMs: number
    }

/** @internal */
export const defaultRestartStrategy: RestartStrategy = {
  type: 'exponential-delay',
  initialDelayMs: 500,
  multiplier: 2,
  delayMsMax: 60_000,
  attemptsMax: 10,
  resetAfterMs: 600_000,
}

const jitter = 0.1

/** Applies a restart strategy to the failures of one job. @internal */
export class RestartPolicy {
  readonly #strategy: RestartStrategy
  readonly #prng: Prng
  #restarts = 0

  constructor(strategy: RestartStrategy, prng: Prng) {
    this.#strategy = strategy
    this.#prng = prng
  }

  /** Restarts so far, since the last reset. */
  get restarts(): number {
    return this.#restarts
  }

  /**
   * The delay in milliseconds after which to start again, after a run of `runMs` that failed.
   *
   * @throws FlinktsError the failure itself if a restart cannot help or is not wanted;
   * FLINKTS_RESTARTS_EXHAUSTED with it as the cause if it happened too often.
   */
  nextDelayMs(failure: FlinktsError, runMs: number): number {
    const strategy = this.#strategy
    if (!failure.retryable || strategy.type === 'none') throw failure
    if (strategy.type === 'exponential-delay' && runMs >= strategy.resetAfterMs) this.#restarts = 0
    if (this.#restarts >= strategy.attemptsMax) throw exhausted(failure, this.#restarts)
    this.#restarts += 1
    if (strategy.type === 'fixed-delay') return strategy.delayMs
    const grown = strategy.initialDelayMs * strategy.multiplier ** (this.#restarts - 1)
    const spread = 1 + jitter * (2 * this.#prng.next() - 1)
    return Math.min(strategy.delayMsMax, grown) * spread
  }
}

function exhausted(cause: FlinktsError, restarts: number): FlinktsError {
  return new FlinktsError(
    'FLINKTS_RESTARTS_EXHAUSTED',
    `the job failed again after ${restarts} restarts: ${cause.message}`,
    { hint: cause.hint, cause },
  )
}
