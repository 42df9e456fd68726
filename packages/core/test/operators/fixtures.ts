import { silentLogger } from '../../src/common/logger.ts'
import { MetricRegistry } from '../../src/common/metric-registry.ts'
import { metricGroup } from '../../src/common/metrics.ts'
import type { SubtaskContext } from '../../src/connector/context.ts'
import type { Output } from '../../src/network/output.ts'
import type { CheckpointBarrier, CheckpointKind } from '../../src/network/stream-element.ts'
import { ManualScheduler } from '../manual-scheduler.ts'

/** Keeps what is emitted: records as they are, watermarks and idleness as text. */
export class RecordingOutput implements Output {
  readonly emitted: unknown[] = []
  readonly timestamps: number[] = []
  /** Called after each record. */
  onRecord: (value: unknown) => void = () => {}

  collect(value: unknown, timestamp: number): void {
    this.emitted.push(value)
    this.timestamps.push(timestamp)
    this.onRecord(value)
  }

  emitWatermark(timestamp: number): void {
    this.emitted.push(`watermark ${timestamp}`)
  }

  emitIdle(idle: boolean): void {
    this.emitted.push(idle ? 'idle' : 'active')
  }
}

export function contextOf(
  operatorId: string,
  scheduler: ManualScheduler = new ManualScheduler(),
): SubtaskContext {
  return {
    jobName: 'orders',
    jobId: 'lineage',
    operatorId,
    attempt: 1,
    subtask: 0,
    parallelism: 1,
    clock: scheduler,
    scheduler,
    logger: silentLogger,
    metrics: metricGroup(new MetricRegistry(), { operatorId, subtask: 0 }),
  }
}

export function barrierOf(
  checkpointId: number,
  kind: CheckpointKind = 'periodic',
): CheckpointBarrier {
  return { type: 'barrier', checkpointId, kind }
}
