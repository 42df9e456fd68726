import { FlinktsError } from '../../common/errors.ts'
import type { Counter } from '../../common/metrics.ts'
import type { FlowControl } from '../../network/flow-control.ts'
import type { Output } from '../../network/output.ts'
import { type CheckpointBarrier, noTimestamp } from '../../network/stream-element.ts'
import type { HeapStateBackend } from '../../state/heap-state-backend.ts'
import type { Key } from '../../state/key.ts'
import { type ValueState, valueState } from '../../state/state-descriptor.ts'
import { TimerHeap } from '../../time/timer-heap.ts'
import { emitAll, type EmittingOperator } from '../emission.ts'
import { KeyGroupWatermark } from '../key-group-watermark.ts'
import type { KeyedOperatorState } from '../keyed-operator-state.ts'
import type { OperatorContext } from '../operator-definition.ts'
import type { OperatorSnapshot, TwoInputOperator } from '../operator.ts'
import type { OutputTag } from '../../common/output-tag.ts'
import { SideOutputs } from '../side-outputs.ts'
import { twoInputs } from '../two-inputs.ts'
import { userFunctionFailed } from '../user-function.ts'
import type { IntervalJoinContext, IntervalJoinFunction } from './interval-join-function.ts'
import { createJoinBuffer, firstAt, insert, type JoinBuffer, removeUpTo } from './join-buffer.ts'

/** Which records of two inputs are joined, and how. @internal */
export interface IntervalJoinDefinition {
  readonly join: IntervalJoinFunction<unknown, unknown, unknown>
  readonly selectLeftKey: (value: unknown) => unknown
  readonly selectRightKey: (value: unknown) => unknown
  /** A right record is joined from this long after the left one on; ms, inclusive. */
  readonly lowerMs: number
  /** And up to this long after it; ms, inclusive, >= `lowerMs`. */
  readonly upperMs: number
  /** Where late records go; `undefined`: nowhere. */
  readonly leftLateTag: OutputTag<unknown> | undefined
  readonly rightLateTag: OutputTag<unknown> | undefined
}

/** One side of the join, as seen from itself. */
interface Side {
  readonly name: 'left' | 'right'
  readonly index: 0 | 1
  readonly selectKey: (value: unknown) => unknown
  readonly lateTag: OutputTag<unknown> | undefined
  /** It is joined with records of the other side from `timestamp + fromMs` … */
  readonly fromMs: number
  /** … to `timestamp + toMs`, both inclusive. */
  readonly toMs: number
  /** Its records are of no use any more when the watermark is that far beyond them. */
  readonly retainMs: number
}

/** What is kept for a key. */
type JoinBuffers = readonly [left: JoinBuffer, right: JoinBuffer]

/** A record that is being joined with what the other side has buffered. */
interface Arrival {
  readonly side: Side
  readonly value: unknown
  readonly timestamp: number
  readonly others: JoinBuffer
}

const stateName = '~join'
/** Pairs joined in one go before others get their turn. */
const turnPairsMax = 1024

/**
 * Joins each left record with the right records of its key whose timestamp is in an interval around
 * its own. (Flink: IntervalJoinOperator, with the records of a key in one sorted value instead of a
 * map by timestamp, and one hint a key instead of one timer a record.)
 *
 * A key is in the heap at the time at which its next record can go; what is in the state decides.
 * Runs on the task's thread.
 *
 * @internal
 */
export class IntervalJoinOperator implements TwoInputOperator, EmittingOperator {
  readonly operatorId: string
  readonly inputs: readonly [left: Output, right: Output]
  readonly output: Output
  readonly flow: FlowControl
  readonly #join: IntervalJoinFunction<unknown, unknown, unknown>
  readonly #left: Side
  readonly #right: Side
  readonly #keyed: KeyedOperatorState
  readonly #backend: HeapStateBackend
  readonly #state: ValueState<JoinBuffers>
  readonly #time: KeyGroupWatermark
  readonly #cleanUps = new TimerHeap()
  readonly #sides: SideOutputs
  readonly #context: PairContext
  readonly #lateDropped: Counter

  constructor(definition: IntervalJoinDefinition, context: OperatorContext) {
    this.operatorId = context.operatorId
    this.output = context.output
    this.flow = context.flow
    this.#join = definition.join
    this.#left = leftSide(definition)
    this.#right = rightSide(definition)
    this.#keyed = context.createKeyedState()
    this.#backend = this.#keyed.backend
    this.#state = this.#backend.state(stateName, valueState<JoinBuffers>())
    this.#time = new KeyGroupWatermark(this.#backend)
    this.#sides = new SideOutputs(context)
    this.#context = new PairContext(this.#sides)
    this.#lateDropped = context.subtask.metrics.counter('lateRecordsDropped')
    this.inputs = twoInputs(
      (value, timestamp) => this.#collect(this.#left, value, timestamp),
      (value, timestamp) => this.#collect(this.#right, value, timestamp),
      {
        emitWatermark: (timestamp) => this.#emitWatermark(timestamp),
        emitIdle: (idle) => this.output.emitIdle(idle),
      },
    )
  }

  async open(): Promise<void> {
    await this.#keyed.restore()
    this.#time.restore()
    this.#backend.forEach(stateName, (key, hash, stored) => {
      this.#cleanUps.add(this.#cleanUpTime(stored as JoinBuffers), hash, key)
    })
  }

  snapshot(barrier: CheckpointBarrier): OperatorSnapshot {
    this.#time.store()
    return this.#keyed.snapshot(barrier)
  }

  abortSnapshot(checkpointId: number): void {
    this.#keyed.abortSnapshot(checkpointId)
  }

  #collect(side: Side, value: unknown, timestamp: number): void {
    if (!Number.isFinite(timestamp)) throw this.#timestampMissing(side)
    if (timestamp < this.#time.current) {
      if (side.lateTag === undefined) this.#lateDropped.add()
      else this.#sides.collect(side.lateTag, value, timestamp)
      return
    }
    try {
      this.#backend.setKeyOfRecord(side.selectKey(value) as Key)
    } catch (cause) {
      throw userFunctionFailed(this.operatorId, value, cause)
    }
    const buffers = this.#buffer(side, value, timestamp)
    const others = buffers[side.index === 0 ? 1 : 0]
    const first = firstAt(others, timestamp + side.fromMs)
    if (first < others.values.length) this.#joinFrom(first, { side, value, timestamp, others })
  }

  /** Adds a record to those of the current key. */
  #buffer(side: Side, value: unknown, timestamp: number): JoinBuffers {
    let buffers = this.#state.get()
    let cleanUpTime = Infinity
    if (buffers === undefined) {
      buffers = [createJoinBuffer(), createJoinBuffer()]
      this.#state.set(buffers)
    } else cleanUpTime = this.#cleanUpTime(buffers)
    insert(buffers[side.index], value, timestamp)
    if (timestamp + side.retainMs < cleanUpTime) {
      const { currentHash, currentIdentity } = this.#backend
      this.#cleanUps.add(timestamp + side.retainMs, currentHash, currentIdentity)
    }
    return buffers
  }

  /**
   * Joins a record with those of the other side from index `first` on. While the chain is halted
   * nothing else happens to the state: so what is left over can wait for its turn.
   */
  #joinFrom(first: number, arrival: Arrival): void {
    const { side, timestamp, others } = arrival
    const { timestamps } = others
    const until = timestamp + side.toMs
    for (let at = first; at < timestamps.length; at += 1) {
      if ((timestamps[at] as number) > until) return
      if (this.flow.halted || at - first === turnPairsMax) {
        this.flow.suspend({ resume: () => this.#joinFrom(at, arrival) })
        return
      }
      this.#joinPair(arrival, others.values[at], timestamps[at] as number)
    }
  }

  #joinPair({ side, value, timestamp }: Arrival, other: unknown, otherTimestamp: number): void {
    const context = this.#context
    const isLeft = side.index === 0
    const left = isLeft ? value : other
    const right = isLeft ? other : value
    context.leftTimestamp = isLeft ? timestamp : otherTimestamp
    context.rightTimestamp = isLeft ? otherTimestamp : timestamp
    context.timestamp = Math.max(timestamp, otherTimestamp)
    const pair = { left, right }
    let values: Iterable<unknown> | undefined
    try {
      values = this.#join(left, right, context) ?? undefined
    } catch (cause) {
      throw userFunctionFailed(this.operatorId, pair, cause)
    }
    if (values !== undefined) emitAll(this, values, pair, context.timestamp)
  }

  #emitWatermark(watermark: number): void {
    this.#time.advanceTo(watermark)
    const { current } = this.#time
    const cleanUps = this.#cleanUps
    while (cleanUps.size > 0 && cleanUps.next <= current) {
      this.#backend.setCurrentIdentity(cleanUps.nextKey, cleanUps.nextHash)
      cleanUps.removeNext()
      this.#cleanUp(current)
    }
    this.output.emitWatermark(watermark)
  }

  /** Removes what the current key no longer needs. */
  #cleanUp(watermark: number): void {
    const buffers = this.#state.get()
    if (buffers === undefined) return
    const [left, right] = buffers
    const removed =
      removeUpTo(left, this.#left.retainMs, watermark) +
      removeUpTo(right, this.#right.retainMs, watermark)
    // Whatever changed the time of the clean-up before has put it into the heap.
    if (removed === 0) return
    if (left.values.length + right.values.length === 0) {
      this.#state.clear()
      return
    }
    const { currentHash, currentIdentity } = this.#backend
    this.#cleanUps.add(this.#cleanUpTime(buffers), currentHash, currentIdentity)
  }

  /** When the first of the records is no longer needed. */
  #cleanUpTime([left, right]: JoinBuffers): number {
    return Math.min(
      (left.timestamps[0] ?? Infinity) + this.#left.retainMs,
      (right.timestamps[0] ?? Infinity) + this.#right.retainMs,
    )
  }

  #timestampMissing({ name }: Side): FlinktsError {
    return new FlinktsError(
      'FLINKTS_TIMESTAMP_MISSING',
      `interval join "${this.operatorId}" got a ${name} record without a timestamp`,
      { hint: 'Assign a watermark strategy with timestamps to the stream before the join.' },
    )
  }
}

function leftSide(definition: IntervalJoinDefinition): Side {
  const { lowerMs, upperMs } = definition
  return {
    name: 'left',
    index: 0,
    selectKey: definition.selectLeftKey,
    lateTag: definition.leftLateTag,
    fromMs: lowerMs,
    toMs: upperMs,
    retainMs: Math.max(upperMs, 0),
  }
}

function rightSide(definition: IntervalJoinDefinition): Side {
  const { lowerMs, upperMs } = definition
  return {
    name: 'right',
    index: 1,
    selectKey: definition.selectRightKey,
    lateTag: definition.rightLateTag,
    fromMs: -upperMs,
    toMs: -lowerMs,
    retainMs: Math.max(-lowerMs, 0),
  }
}

/** One object for all pairs of an operator. */
class PairContext implements IntervalJoinContext {
  leftTimestamp = noTimestamp
  rightTimestamp = noTimestamp
  timestamp = noTimestamp
  readonly #sides: SideOutputs

  constructor(sides: SideOutputs) {
    this.#sides = sides
  }

  output<T>(tag: OutputTag<T>, value: T): void {
    this.#sides.collect(tag, value, this.timestamp)
  }
}
