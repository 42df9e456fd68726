import type { Output } from '../../network/output.ts'
import type { CheckpointBarrier } from '../../network/stream-element.ts'
import type { Key } from '../../state/key.ts'
import type { Operator, OperatorSnapshot, TwoInputOperator } from '../operator.ts'
import { twoInputs } from '../two-inputs.ts'
import type { WindowAggregate } from '../window/window-function.ts'
import type {
  CoGroupFunction,
  WindowJoinFunction,
  WindowJoinRecord,
} from './window-join-function.ts'

/** An operator of windows, which has state. @internal */
export type JoinWindows = Operator &
  Required<Pick<Operator, 'open' | 'endInput' | 'snapshot' | 'abortSnapshot'>>

/**
 * Puts the records of two inputs into the same windows, each with its side: all else is what
 * windows do (Flink: CoGroupedStreams, a union of tagged records).
 *
 * @internal
 */
export class WindowJoinOperator implements TwoInputOperator {
  readonly operatorId: string
  readonly inputs: readonly [left: Output, right: Output]
  readonly #windows: JoinWindows

  constructor(windows: JoinWindows) {
    this.operatorId = windows.operatorId
    this.#windows = windows
    this.inputs = twoInputs(
      (value, timestamp) => windows.collect({ side: 'left', value }, timestamp),
      (value, timestamp) => windows.collect({ side: 'right', value }, timestamp),
      windows,
    )
  }

  open(): Promise<void> {
    return this.#windows.open()
  }

  endInput(): boolean {
    return this.#windows.endInput()
  }

  snapshot(barrier: CheckpointBarrier): OperatorSnapshot {
    return this.#windows.snapshot(barrier)
  }

  abortSnapshot(checkpointId: number): void {
    this.#windows.abortSnapshot(checkpointId)
  }
}

/** What a window has of both sides. @internal */
export interface JoinSides<Left, Right> {
  readonly left: Left[]
  readonly right: Right[]
}

/** Keeps the records of a window by their side. @internal */
export function joinSides<Left, Right>(): WindowAggregate<
  WindowJoinRecord<Left, Right>,
  JoinSides<Left, Right>,
  JoinSides<Left, Right>
> {
  return {
    create: () => ({ left: [], right: [] }),
    add: (sides, record) => {
      if (record.side === 'left') sides.left.push(record.value)
      else sides.right.push(record.value)
      return sides
    },
    merge: (into, other) => ({
      left: into.left.concat(other.left),
      right: into.right.concat(other.right),
    }),
    // Copies: what is emitted bit by bit must not change when the window goes on.
    result: ({ left, right }) => ({ left: left.slice(), right: right.slice() }),
  }
}

/** Calls `join` for each pair of two lists, only when what it emits is taken. @internal */
export function joinPairs<Left, Right, Out, RecordKey extends Key>(
  join: WindowJoinFunction<Left, Right, Out, RecordKey>,
): CoGroupFunction<Left, Right, Out, RecordKey> {
  return function* pairs(left, right, context) {
    for (const one of left) {
      for (const other of right) {
        const values: Iterable<Out> | undefined = join(one, other, context) ?? undefined
        if (values !== undefined) yield* values
      }
    }
  }
}
