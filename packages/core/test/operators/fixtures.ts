import { silentLogger } from '../../src/common/logger.ts'
import { MetricRegistry } from '../../src/common/metric-registry.ts'
import { metricGroup } from '../../src/common/metrics.ts'
import { SeededPrng } from '../../src/common/prng.ts'
import type { Storage } from '../../src/common/storage.ts'
import type { SubtaskContext } from '../../src/connector/context.ts'
import { FlowControl } from '../../src/network/flow-control.ts'
import type { Output } from '../../src/network/output.ts'
import type { CheckpointBarrier, CheckpointKind } from '../../src/network/stream-element.ts'
import { KeyedOperatorState } from '../../src/operators/keyed-operator-state.ts'
import { OperatorList } from '../../src/operators/operator-list.ts'
import type { OperatorContext } from '../../src/operators/operator-definition.ts'
import type { KeyedStateHandle, OperatorStateList } from '../../src/state/operator-state.ts'
import { HeapStateBackend } from '../../src/state/heap-state-backend.ts'
import { SimulatedStorage } from '../../src/testing/simulated-storage.ts'
import { ManualScheduler } from '../../src/testing/manual-scheduler.ts'

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

/** What an operator gets, with parts of its own where the test gives some. */
export interface TestOperatorContext extends OperatorContext {
  readonly output: Output
  /** What the operator wants to be run between records, until the test runs it. */
  readonly actions: (() => void)[]
  /** Side outputs by tag, made when they are asked for. */
  readonly sides: Map<string, RecordingOutput>
  readonly backend: HeapStateBackend
}

export function operatorContextOf(
  operatorId: string,
  parts: {
    readonly output?: Output
    readonly flow?: FlowControl
    readonly storage?: Storage
    readonly scheduler?: ManualScheduler
    readonly subtask?: number
    /** Restored lists. */
    readonly lists?: readonly OperatorStateList[]
    /** State files in `storage`. */
    readonly restored?: readonly KeyedStateHandle[]
  } = {},
): TestOperatorContext {
  const { output = new RecordingOutput(), flow = new FlowControl(), subtask = 0 } = parts
  const storage = parts.storage ?? new SimulatedStorage(new SeededPrng(1)).open()
  const range = { first: 0, last: 127 }
  const backend = new HeapStateBackend({
    ...{ operatorId, range, maxParallelism: 128 },
    now: () => parts.scheduler?.now() ?? 0,
  })
  const actions: (() => void)[] = []
  const sides = new Map<string, RecordingOutput>()
  return {
    operatorId,
    subtask: { ...contextOf(operatorId, parts.scheduler), subtask },
    output,
    flow,
    signal: new AbortController().signal,
    sideOutput: (tag) => {
      const side = sides.get(tag) ?? new RecordingOutput()
      sides.set(tag, side)
      return side
    },
    listState: (declaration) => new OperatorList(declaration, parts.lists ?? []),
    createKeyedState: () =>
      new KeyedOperatorState({
        ...{ operatorId, subtask, backend, storage },
        restored: parts.restored ?? [],
      }),
    runOnTask: (action) => void actions.push(action),
    actions,
    sides,
    backend,
  }
}

export function barrierOf(
  checkpointId: number,
  kind: CheckpointKind = 'periodic',
): CheckpointBarrier {
  return { type: 'barrier', checkpointId, kind }
}
