import type { FlowControl, Resumable } from '../network/flow-control.ts'
import type { Output } from '../network/output.ts'
import { noTimestamp } from '../network/stream-element.ts'
import { endOfTime, noWatermark } from '../time/watermark.ts'
import type { WatermarkSettings } from '../time/watermark-strategy.ts'
import type { OperatorContext } from './operator-definition.ts'
import type { Operator } from './operator.ts'
import { RecordTime } from './record-time.ts'
import { WatermarkMetrics } from './watermark-metrics.ts'
import { recordsPerWatermarkMax, WatermarkTicks } from './watermark-ticks.ts'

/**
 * Gives records their event time in the middle of a job. Watermarks and idleness from before end
 * here, but for the end of time. (Flink: TimestampsAndWatermarksOperator.)
 *
 * @internal
 */
export class TimestampsAndWatermarksOperator implements Operator, Resumable {
  readonly operatorId: string
  readonly #records: RecordTime
  readonly #output: Output
  readonly #flow: FlowControl
  readonly #ticks: WatermarkTicks
  readonly #metrics: WatermarkMetrics
  /** Since the generator was last asked for a watermark. */
  #recordCount = 0
  #watermark = noWatermark
  #idle = false
  #emittedWatermark = noWatermark
  #emittedIdle = false
  /** Progress waits until what is behind is done with the records before it. */
  #waiting = false

  constructor(
    strategy: { readonly settings: WatermarkSettings; readonly intervalMs: number },
    context: OperatorContext,
  ) {
    const { operatorId, output, flow, subtask } = context
    this.operatorId = operatorId
    this.#output = output
    this.#flow = flow
    this.#metrics = new WatermarkMetrics(subtask.clock, subtask.metrics)
    this.#records = new RecordTime(operatorId, strategy.settings, {
      emitWatermark: (timestamp) => this.#advance(timestamp),
      markIdle: () => this.#setIdle(true),
    })
    this.#ticks = new WatermarkTicks({
      scheduler: subtask.scheduler,
      intervalMs: strategy.intervalMs,
      flow,
      runOnTask: (action) => context.runOnTask(action),
      onTick: (silentMs) => this.#tick(silentMs),
    })
  }

  open(): Promise<void> {
    this.#ticks.start()
    return Promise.resolve()
  }

  collect(value: unknown, timestamp: number): void {
    if (this.#idle) this.#setIdle(false)
    const assigned = this.#records.timestampOf(value, timestamp, noTimestamp)
    this.#output.collect(value, assigned)
    this.#records.onEvent(value, assigned)
    this.#recordCount += 1
    if (this.#recordCount >= recordsPerWatermarkMax) this.#emitPeriodic()
  }

  emitWatermark(timestamp: number): void {
    if (timestamp !== endOfTime) return
    this.#ticks.end()
    this.#advance(timestamp)
  }

  emitIdle(): void {}

  close(): Promise<void> {
    this.#ticks.end()
    return Promise.resolve()
  }

  /** What is behind is done with the records before the progress that waits. */
  resume(): void {
    this.#waiting = false
    this.#emitProgress()
  }

  #tick(silentMs: number): void {
    this.#emitPeriodic()
    if (this.#records.probeIdle(silentMs)) this.#setIdle(true)
  }

  #emitPeriodic(): void {
    this.#recordCount = 0
    if (!this.#idle) this.#records.onPeriodicEmit()
  }

  #advance(timestamp: number): void {
    this.#watermark = Math.max(this.#watermark, timestamp)
    this.#setIdle(false)
  }

  #setIdle(idle: boolean): void {
    this.#idle = idle
    if (this.#waiting) return
    if (this.#flow.unfinished) {
      this.#waiting = true
      this.#flow.suspend(this)
      return
    }
    this.#emitProgress()
  }

  #emitProgress(): void {
    if (!this.#idle) this.#emitIdle(false)
    if (this.#watermark > this.#emittedWatermark) {
      this.#emittedWatermark = this.#watermark
      this.#metrics.advanced(this.#watermark)
      this.#output.emitWatermark(this.#watermark)
    }
    this.#emitIdle(this.#idle)
  }

  #emitIdle(idle: boolean): void {
    if (idle === this.#emittedIdle) return
    this.#emittedIdle = idle
    this.#output.emitIdle(idle)
  }
}
