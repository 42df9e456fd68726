import { FlinktsError } from '../common/errors.ts'
import { noTimestamp } from '../network/stream-element.ts'
import type { WatermarkGenerator, WatermarkOutput } from '../time/watermark-generator.ts'
import type { WatermarkSettings } from '../time/watermark-strategy.ts'
import { userFunctionFailed } from './user-function.ts'

/**
 * Carries out a watermark strategy for one sequence of records: those of a split, or those that
 * reach a subtask. Runs on the task's thread.
 *
 * @internal
 */
export class RecordTime {
  readonly #operatorId: string
  readonly #settings: WatermarkSettings
  readonly #generator: WatermarkGenerator<unknown>
  readonly #output: WatermarkOutput
  /** Whether records came since idleness was last looked at; a beginning counts as one. */
  #active = true
  #silentMs = 0

  constructor(operatorId: string, settings: WatermarkSettings, output: WatermarkOutput) {
    this.#operatorId = operatorId
    this.#settings = settings
    this.#generator = settings.createGenerator()
    this.#output = {
      emitWatermark: (timestamp) => {
        if (Number.isNaN(timestamp)) throw new RangeError('a watermark must not be NaN')
        output.emitWatermark(timestamp)
      },
      markIdle: () => output.markIdle(),
    }
  }

  /**
   * The timestamp of a record; `ingestedAt` is the time now, for strategies that take it.
   *
   * @throws FlinktsError FLINKTS_USER_FUNCTION_FAILED, FLINKTS_TIMESTAMP_MISSING
   */
  timestampOf(value: unknown, recordTimestamp: number, ingestedAt: number): number {
    const { timestamps, timestampsNeeded } = this.#settings
    if (timestamps === 'ingestion') return ingestedAt
    if (timestamps === undefined) {
      if (timestampsNeeded && recordTimestamp === noTimestamp) throw this.#timestampMissing()
      return recordTimestamp
    }
    try {
      const given = recordTimestamp === noTimestamp ? undefined : recordTimestamp
      const timestamp = timestamps(value, given)
      if (Number.isFinite(timestamp)) return timestamp
      throw new RangeError(`the timestamp is ${String(timestamp)}, and must be a finite number`)
    } catch (cause) {
      throw userFunctionFailed(this.#operatorId, value, cause)
    }
  }

  /** After the record was emitted. */
  onEvent(value: unknown, timestamp: number): void {
    this.#active = true
    try {
      this.#generator.onEvent(value, timestamp, this.#output)
    } catch (cause) {
      throw userFunctionFailed(this.#operatorId, value, cause)
    }
  }

  onPeriodicEmit(): void {
    try {
      this.#generator.onPeriodicEmit?.(this.#output)
    } catch (cause) {
      throw userFunctionFailed(this.#operatorId, undefined, cause)
    }
  }

  /**
   * Looks whether records came since the last call; if none could be missed in `silentMs` of that
   * time, they count as silence. @returns whether it has lasted for as long as the strategy says.
   */
  probeIdle(silentMs: number): boolean {
    const { idleMs } = this.#settings
    this.#silentMs = this.#active ? 0 : this.#silentMs + silentMs
    this.#active = false
    return idleMs !== undefined && this.#silentMs >= idleMs
  }

  /** Silence begins anew: what was not read before this cannot have been silent. */
  restartSilence(): void {
    this.#active = true
  }

  #timestampMissing(): FlinktsError {
    return new FlinktsError(
      'FLINKTS_TIMESTAMP_MISSING',
      `a record of operator "${this.#operatorId}" has no timestamp`,
      { hint: 'Say what its event time is: watermarks.withTimestamps((value) => ...).' },
    )
  }
}
