import type { OutputTag } from '../../common/output-tag.ts'
import type { HarnessElement } from './harness-outputs.ts'
import type { HarnessSnapshot } from './harness-snapshot.ts'
import type { HarnessTask } from './harness-task.ts'

/** What harnesses of one and of two inputs have in common. @public */
export interface Harness<Out> {
  /** What the clock shows, in milliseconds since 1970; it stands still. */
  readonly processingTime: number
  /**
   * Lets time pass until the clock shows `timeMs`, and runs timers and what follows on the way, in
   * order. Rejects with what an operator throws.
   *
   * @throws FlinktsError FLINKTS_TEST_INVALID if it would go back
   */
  advanceProcessingTimeTo(timeMs: number): Promise<void>
  /** Lets asynchronous work that needs no time come to rest. Rejects with what it throws. */
  settle(): Promise<void>
  /**
   * Ends event time and the input, and lets as much time pass as operators need to finish, an hour
   * at most.
   *
   * @throws FlinktsError FLINKTS_TEST_INVALID if they do not finish
   */
  endInput(): Promise<void>
  /** What came out of the main output since the last call, in order. */
  take(): readonly HarnessElement<Out>[]
  /** As `take`, without watermarks and idleness. */
  takeValues(): readonly Out[]
  /** What operators emitted to the side output since the last call. */
  takeSide<T>(tag: OutputTag<T>): readonly T[]
  /**
   * Takes a checkpoint; the harness goes on. Rejects with what makes a job's checkpoint fail.
   *
   * @throws FlinktsError FLINKTS_TEST_INVALID if an operator is in the middle of something
   */
  snapshot(): Promise<HarnessSnapshot>
  /** Closes the operators, without ending their input. Idempotent. */
  close(): Promise<void>
}

/** A harness without its inputs, over the task that it plays. @internal */
export class TaskHarness<Out> implements Harness<Out> {
  readonly #task: HarnessTask

  constructor(task: HarnessTask) {
    this.#task = task
  }

  get processingTime(): number {
    return this.#task.now
  }

  async advanceProcessingTimeTo(timeMs: number): Promise<void> {
    await this.#task.advanceTo(timeMs)
  }

  async settle(): Promise<void> {
    await this.#task.settle()
  }

  async endInput(): Promise<void> {
    await this.#task.endInput()
  }

  take(): readonly HarnessElement<Out>[] {
    return this.#task.outputs.take() as readonly HarnessElement<Out>[]
  }

  takeValues(): readonly Out[] {
    return valuesOf(this.#task.outputs.take()) as readonly Out[]
  }

  takeSide<T>({ id }: OutputTag<T>): readonly T[] {
    return valuesOf(this.#task.outputs.takeSide(id)) as readonly T[]
  }

  snapshot(): Promise<HarnessSnapshot> {
    return this.#task.snapshot()
  }

  async close(): Promise<void> {
    await this.#task.close()
  }
}

function valuesOf(elements: readonly HarnessElement[]): readonly unknown[] {
  return elements.flatMap((element) => (element.type === 'record' ? [element.value] : []))
}
