import { noTimestamp } from '../network/stream-element.ts'
import type { FlowControl } from '../network/flow-control.ts'
import type { Output } from '../network/output.ts'
import type { Cancellable } from '../common/scheduler.ts'
import type { SubtaskContext } from '../connector/context.ts'
import { CombinedWatermark } from '../time/combined-watermark.ts'
import { endOfTime, noWatermark } from '../time/watermark.ts'
import type { WatermarkSettings } from '../time/watermark-strategy.ts'
import { RecordTime } from './record-time.ts'
import { WatermarkMetrics } from './watermark-metrics.ts'
import { recordsPerWatermarkMax, WatermarkTicks } from './watermark-ticks.ts'

/** How a source of the job makes watermarks. @internal */
export interface SourceTimeSettings {
  /** `undefined`: the source emits its own, or none. */
  readonly watermarks: WatermarkSettings | undefined
  readonly intervalMs: number
}

/** @internal */
export interface SourceTimeParts {
  readonly settings: SourceTimeSettings
  readonly boundedness: 'bounded' | 'continuous-unbounded'
  readonly context: SubtaskContext
  readonly output: Output
  readonly flow: FlowControl
  readonly runOnTask: (action: () => void) => void
  /** Tells the alignment group where this subtask is. */
  readonly reportWatermark: (watermark: number) => void
  /** Has the reader pause and resume splits. */
  readonly pauseOrResume: (pause: readonly string[], resume: readonly string[]) => void
}

/**
 * The event time of a source's subtask: of each split, and of all together. Watermarks are in no
 * checkpoint: after a restart they begin anew (Flink F034). Runs on the task's thread.
 *
 * @internal
 */
export class SourceTime {
  readonly #parts: SourceTimeParts
  readonly #splits = new Map<string, SplitTime>()
  readonly #combined = new CombinedWatermark()
  readonly #ticks: WatermarkTicks
  readonly #metrics: WatermarkMetrics
  #emittedWatermark = noWatermark
  #emittedIdle = false
  /** For how long there has been no split, counted in ticks; `Infinity`: none will come. */
  #vacantMs = 0
  /** Set by a tick, for the end of the next poll: silence is what a poll did not break. */
  #probeMs: number | undefined
  /** Since generators were last asked for watermarks. */
  #recordCount = 0
  #ingestedAt = noTimestamp
  /** Splits beyond it are paused. */
  #limit = Infinity
  #ended = false
  #report: Cancellable | undefined

  constructor(parts: SourceTimeParts) {
    this.#parts = parts
    const { context, flow, settings, runOnTask } = parts
    this.#metrics = new WatermarkMetrics(context.clock, context.metrics)
    this.#ticks = new WatermarkTicks({
      scheduler: context.scheduler,
      intervalMs: settings.intervalMs,
      flow,
      runOnTask,
      onTick: (silentMs) => this.#tick(silentMs),
    })
  }

  open(): void {
    const { settings, boundedness } = this.#parts
    if (settings.watermarks !== undefined || boundedness !== 'bounded') this.#ticks.start()
    this.#reportLater()
  }

  /** From now on the split holds back the watermark, also before its first record. */
  addSplit(splitId: string): SplitTime {
    const { context, settings } = this.#parts
    const split = new SplitTime(context.operatorId, settings.watermarks, {
      resume: () => this.#parts.pauseOrResume([], [splitId]),
      emitWatermark: (timestamp) => {
        this.#combined.advance(splitId, timestamp)
        this.emitProgress()
      },
      setIdle: (idle) => {
        this.#combined.setIdle(splitId, idle)
        this.emitProgress()
      },
    })
    this.#splits.set(splitId, split)
    this.#combined.add(splitId)
    this.#vacantMs = 0
    this.emitProgress()
    return split
  }

  releaseSplit(splitId: string): void {
    this.#splits.get(splitId)?.release()
    this.#splits.delete(splitId)
    this.#combined.remove(splitId)
    this.emitProgress()
  }

  noMoreSplits(): void {
    if (this.#splits.size === 0) this.#vacantMs = Infinity
  }

  beforePoll(): void {
    this.emitProgress()
    if (this.#parts.settings.watermarks?.timestamps !== 'ingestion') return
    this.#ingestedAt = Math.max(this.#ingestedAt, this.#parts.context.clock.now())
  }

  /** `recordCount`: of the poll. */
  afterPoll(recordCount: number): void {
    this.#recordCount += recordCount
    if (this.#recordCount >= recordsPerWatermarkMax && !this.#parts.flow.halted) {
      this.#emitPeriodic()
    }
    this.#align()
    if (this.#probeMs === undefined) return
    for (const split of this.#splits.values()) split.probeIdle(this.#probeMs)
    this.#probeMs = undefined
  }

  /** Splits beyond it pause, until a later limit lets them go on. */
  limitWatermark(limit: number): void {
    this.#limit = limit
    this.#align()
  }

  /** The time at which records of this poll came in, where a strategy asks for it. */
  get ingestedAt(): number {
    return this.#ingestedAt
  }

  /** The input ended: so has event time, and nobody listens to an idle channel. */
  endInput(): void {
    this.#ticks.end()
    this.#ended = true
    this.#emitIdle(false)
    this.#emitWatermark(endOfTime)
  }

  /** Nothing is emitted any more, but what `emitProgress` still may. Idempotent. */
  end(): void {
    this.#ticks.end()
    this.#report?.cancel()
  }

  /**
   * Late is always right for a watermark: it never overtakes a record that is still in the chain.
   * It is emitted while the output is active, since the watermarks of idle channels are ignored.
   */
  emitProgress(): void {
    if (this.#parts.flow.unfinished) return
    const { watermark } = this.#combined
    const idle = this.#combined.idle || this.#vacant
    if (!idle) this.#emitIdle(false)
    this.#emitWatermark(watermark)
    this.#emitIdle(idle)
  }

  /**
   * Nobody waits for who has no split, longer than for a silent one: what a split brings that comes
   * later may be late. A reader that waits for splits of a bounded source will have them soon, or
   * end.
   */
  get #vacant(): boolean {
    const { boundedness, settings } = this.#parts
    // The first tick may come at once.
    const atLeastMs = settings.watermarks?.idleMs ?? settings.intervalMs
    return boundedness !== 'bounded' && this.#vacantMs > atLeastMs
  }

  #tick(silentMs: number): void {
    this.#probeMs = silentMs
    if (this.#splits.size === 0) this.#vacantMs += this.#parts.settings.intervalMs
    this.#emitPeriodic()
    this.#align()
  }

  #emitPeriodic(): void {
    this.#recordCount = 0
    for (const split of this.#splits.values()) split.onPeriodicEmit()
    this.emitProgress()
  }

  #align(): void {
    if (this.#parts.settings.watermarks?.alignment === undefined) return
    const pause: string[] = []
    const resume: string[] = []
    for (const [splitId, split] of this.#splits) {
      const change = split.align(this.#limit)
      if (change === 'pause') pause.push(splitId)
      if (change === 'resume') resume.push(splitId)
    }
    if (pause.length > 0 || resume.length > 0) this.#parts.pauseOrResume(pause, resume)
  }

  /** Again and again, also after the end: whoever has ended must not hold back the others. */
  #reportLater(): void {
    const { settings, context, runOnTask, reportWatermark } = this.#parts
    const alignment = settings.watermarks?.alignment
    if (alignment === undefined) return
    this.#report = context.scheduler.after(alignment.updateIntervalMs, () => {
      runOnTask(() => {
        const watermark = this.#alignedWatermark
        if (watermark !== noWatermark) reportWatermark(watermark)
        this.#reportLater()
      })
    })
  }

  /** Who is idle, has ended, or has no split holds nobody back (Flink: reports the maximum). */
  get #alignedWatermark(): number {
    const absent = this.#ended || this.#splits.size === 0 || this.#combined.idle
    return absent ? endOfTime : this.#combined.watermark
  }

  #emitIdle(idle: boolean): void {
    if (idle === this.#emittedIdle) return
    this.#emittedIdle = idle
    this.#parts.output.emitIdle(idle)
  }

  #emitWatermark(timestamp: number): void {
    if (timestamp <= this.#emittedWatermark) return
    this.#emittedWatermark = timestamp
    this.#metrics.advanced(timestamp)
    this.#parts.output.emitWatermark(timestamp)
  }
}

/** What a split tells its source. */
interface SplitTimeListener {
  emitWatermark(timestamp: number): void
  setIdle(idle: boolean): void
  /** A paused split must be read again. */
  resume(): void
}

/**
 * The event time of a split. Whether it is read, counts and lives is one status with one owner, not
 * three flags: most of what went wrong with alignment in Flink was two of them disagreeing.
 *
 *     active ──silence, the source says so──► idle ──record, watermark──► active
 *     active ──beyond the limit──► paused ──within the limit──► active
 *     paused ──the source says that it is idle──► idle, and read again
 *     any ──released──► finished
 *
 * What is paused cannot be silent: no time passes for it.
 *
 * @internal
 */
export class SplitTime {
  readonly #records: RecordTime | undefined
  readonly #listener: SplitTimeListener
  #status: 'active' | 'paused' | 'idle' | 'finished' = 'active'
  #watermark = noWatermark

  constructor(
    operatorId: string,
    settings: WatermarkSettings | undefined,
    listener: SplitTimeListener,
  ) {
    this.#listener = listener
    if (settings === undefined) return
    this.#records = new RecordTime(operatorId, settings, {
      emitWatermark: (timestamp) => this.advance(timestamp),
      markIdle: () => this.markIdle(),
    })
  }

  get status(): 'active' | 'paused' | 'idle' | 'finished' {
    return this.#status
  }

  /** Absent: records keep their timestamps, and the source emits watermarks itself. */
  get records(): RecordTime | undefined {
    return this.#records
  }

  /** A record comes. */
  wake(): void {
    if (this.#status !== 'idle') return
    this.#status = 'active'
    this.#listener.setIdle(false)
  }

  advance(timestamp: number): void {
    if (this.#status === 'finished') return
    if (this.#status === 'idle') this.#status = 'active'
    if (timestamp > this.#watermark) this.#watermark = timestamp
    this.#listener.emitWatermark(timestamp)
  }

  markIdle(): void {
    if (this.#status !== 'active' && this.#status !== 'paused') return
    this.#leavePause()
    this.#status = 'idle'
    this.#listener.setIdle(true)
  }

  release(): void {
    this.#leavePause()
    this.#status = 'finished'
  }

  onPeriodicEmit(): void {
    if (this.#status === 'active') this.#records?.onPeriodicEmit()
  }

  probeIdle(silentMs: number): void {
    if (this.#status !== 'active') return
    if (this.#records?.probeIdle(silentMs) === true) this.markIdle()
  }

  /** What the reader must do, if anything. */
  align(limit: number): 'pause' | 'resume' | undefined {
    const beyond = this.#watermark > limit
    if (this.#status === 'active' && beyond) {
      this.#status = 'paused'
      return 'pause'
    }
    if (this.#status === 'paused' && !beyond) {
      this.#status = 'active'
      this.#records?.restartSilence()
      return 'resume'
    }
    return undefined
  }

  #leavePause(): void {
    if (this.#status === 'paused') this.#listener.resume()
  }
}
