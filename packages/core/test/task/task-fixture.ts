import { silentLogger } from '../../src/common/logger.ts'
import { MetricRegistry } from '../../src/common/metric-registry.ts'
import { metricGroup } from '../../src/common/metrics.ts'
import { SeededPrng } from '../../src/common/prng.ts'
import { FlowControl } from '../../src/network/flow-control.ts'
import type { Operator, OperatorSnapshot } from '../../src/operators/operator.ts'
import { OperatorChain, WriterOutputs } from '../../src/task/operator-chain.ts'
import { SourceInput } from '../../src/task/source-input.ts'
import { StepClock } from '../../src/task/step-clock.ts'
import { StreamTask } from '../../src/task/stream-task.ts'
import { TaskMetrics } from '../../src/task/task-metrics.ts'
import type { TaskEvent } from '../../src/task/task-protocol.ts'
import { TimedFiles } from '../../src/task/timed-files.ts'
import { ManualScheduler } from '../../src/testing/manual-scheduler.ts'
import { SimulatedStorage } from '../../src/testing/simulated-storage.ts'
import { RecordingOutput } from '../operators/fixtures.ts'
import { ScriptedSource } from './scripted-source.ts'

/** The only operator of the chain behind the source. */
export class TestOperator extends RecordingOutput implements Operator {
  readonly operatorId = 'end'
  readonly log: string[]
  onOpen: () => Promise<void> = () => Promise.resolve()
  onSnapshot: () => OperatorSnapshot = () => ({
    state: Promise.resolve(stateOf('end')),
    failure: 'fail-task',
  })
  onCompleted: () => Promise<void> = () => Promise.resolve()
  onClose: () => Promise<void> = () => Promise.resolve()

  constructor(log: string[]) {
    super()
    this.log = log
  }

  async open(): Promise<void> {
    this.log.push('open')
    await this.onOpen()
  }

  endInput(): boolean {
    this.log.push('end input')
    return true
  }

  snapshot(): OperatorSnapshot {
    this.log.push(`snapshot behind ${this.emitted.join('')}`)
    return this.onSnapshot()
  }

  abortSnapshot(checkpointId: number): void {
    this.log.push(`abort ${checkpointId}`)
  }

  async checkpointCompleted(): Promise<void> {
    await this.onCompleted()
  }

  async close(): Promise<void> {
    this.log.push('close')
    await this.onClose()
  }
}

export function stateOf(operatorId: string): Awaited<OperatorSnapshot['state']> {
  const nothing = { lists: [], committables: [], keyed: undefined }
  return { operatorId, subtask: 0, ...nothing }
}

/** A task with a scripted source and one operator behind it. */
export interface TaskFixture {
  readonly task: StreamTask
  readonly operator: TestOperator
  readonly source: ScriptedSource
  readonly flow: FlowControl
  readonly files: TimedFiles
  readonly scheduler: ManualScheduler
  readonly events: TaskEvent[]
  readonly log: string[]
  readonly types: () => readonly string[]
}

export function createTask(): TaskFixture {
  const scheduler = new ManualScheduler()
  const log: string[] = []
  const events: TaskEvent[] = []
  const files = new TimedFiles(new SimulatedStorage(new SeededPrng(1)).open(), scheduler)
  const operator = new TestOperator(log)
  const flow = new FlowControl()
  const chain = new OperatorChain({
    vertex: {
      vertexId: 'source',
      parallelism: 1,
      operators: [
        { operatorId: 'source', type: 'source', chainedTo: [{ operatorId: 'end' }] },
        { operatorId: 'end', type: 'sink', chainedTo: [] },
      ],
    },
    create: () => operator,
    outputs: new WriterOutputs([]),
    combined: false,
  })
  const source = new ScriptedSource(chain.sourceOutputs(undefined), flow, log)
  const listener = {
    barrierReceived: (...args: Parameters<StreamTask['barrierReceived']>) =>
      task.barrierReceived(...args),
    recordsProcessed: (count: number) => task.recordsProcessed(count),
  }
  const sourceInput = new SourceInput({
    source: source.operator,
    flow,
    listener,
    onAvailable: () => task.wake(),
  })
  const group = metricGroup(new MetricRegistry(), { operatorId: 'source', subtask: 0 })
  const task: StreamTask = new StreamTask({
    chain,
    flow,
    input: sourceInput,
    source: source.operator,
    sourceInput,
    metrics: new TaskMetrics(scheduler, group, () => chain.recordsOut),
    limits: { stepRecordsMax: 2, sliceStepsMax: 4, sliceMs: 1 },
    clock: scheduler,
    steps: new StepClock(scheduler),
    scheduler,
    logger: silentLogger,
    files,
    abort: new AbortController(),
    send: (event) => void events.push(event),
  })
  const types = (): readonly string[] => events.map(({ type }) => type)
  return { task, operator, source, flow, files, scheduler, events, log, types }
}

/** One that runs, and has said so. */
export async function startTask(): Promise<TaskFixture> {
  const parts = createTask()
  parts.task.start()
  await parts.scheduler.settle()
  parts.log.length = 0
  parts.events.length = 0
  return parts
}
