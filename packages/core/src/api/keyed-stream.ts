import type { DeliveryGuarantee } from '../common/guarantee.ts'
import type { StreamInput } from '../graph/stream-node.ts'
import type { KeyedProcess } from '../operators/keyed-process-function.ts'
import { keptTimers } from '../operators/keyed-runtime.ts'
import { KeyedProcessOperator } from '../operators/keyed-process.ts'
import type { OperatorDefinition } from '../operators/operator-definition.ts'
import { ReduceOperator, reduceStates, type Reduction } from '../operators/reduce.ts'
import { type Comparable, extremeBy, extremeOf, sumOf } from '../operators/rolling-aggregate.ts'
import { countEvictor } from '../operators/window/evictor.ts'
import { countTrigger, purging } from '../operators/window/count-triggers.ts'
import { globalWindows } from '../operators/window/global-windows.ts'
import type { WindowAssigner } from '../operators/window/window-assigner.ts'
import type { Key } from '../state/key.ts'
import type { BroadcastDeclarations } from '../state/broadcast-state.ts'
import type { StateDeclarations } from '../state/state-descriptor.ts'
import { BroadcastStream, KeyedBroadcastConnectedStreams } from './broadcast-stream.ts'
import { KeyedConnectedStreams, type KeyedSide } from './connected-streams.ts'
import type { DataStream } from './data-stream.ts'
import type { GraphBuilder, OperatorOptions, OutputOf } from './graph-builder.ts'
import { IntervalJoin, type JoinedStreams } from './interval-join.ts'
import { WindowJoin } from './window-join.ts'
import { WindowedStream } from './windowed-stream.ts'

/** Records of type `T`, together with those of the same key. @public */
export class KeyedStream<T, RecordKey extends Key, Guarantee extends DeliveryGuarantee> {
  readonly #builder: GraphBuilder
  readonly #inputs: readonly StreamInput[]
  readonly #selectKey: (value: unknown) => unknown
  readonly #outputOf: OutputOf<Guarantee>

  /** @internal */
  constructor(
    parts: {
      readonly builder: GraphBuilder
      readonly inputs: readonly StreamInput[]
      readonly outputOf: OutputOf<Guarantee>
    },
    selectKey: (value: T) => RecordKey,
  ) {
    this.#builder = parts.builder
    this.#inputs = parts.inputs
    this.#outputOf = parts.outputOf
    this.#selectKey = selectKey as (value: unknown) => unknown
  }

  /**
   * Calls `process` for each record, with the state of its key. `id` names the state, for ever.
   *
   * @throws FlinktsError FLINKTS_OPERATOR_ID_INVALID, FLINKTS_OPERATOR_ID_DUPLICATE
   */
  process<Out, Declarations extends StateDeclarations>(
    id: string,
    process: KeyedProcess<T, RecordKey, Out, Declarations>,
    options?: OperatorOptions,
  ): DataStream<Out, Guarantee> {
    const selectKey = this.#selectKey
    // The types of records, keys and states end here; the stream's own types have checked them.
    const untyped = process as KeyedProcess<unknown, Key, unknown, StateDeclarations>
    const { state: states } = untyped
    const definition: OperatorDefinition = {
      type: 'process',
      states,
      keeps: keptTimers(untyped),
      create: (context) => new KeyedProcessOperator({ process: untyped, selectKey }, context),
    }
    return this.#operator(id, definition, options)
  }

  /**
   * Emits for each record what the records of its key are reduced to so far: the first record as it
   * is, then what `reduce` makes of the result before and the record. `reduce` must return a new
   * object rather than change one that it got: that may still be on its way. `id` names the state.
   *
   * @throws FlinktsError FLINKTS_OPERATOR_ID_INVALID, FLINKTS_OPERATOR_ID_DUPLICATE
   */
  reduce(
    id: string,
    reduce: (reduced: T, value: T) => T,
    options?: OperatorOptions,
  ): DataStream<T, Guarantee> {
    return this.#reduce(id, { reduce: reduce as Reduction['reduce'] }, options)
  }

  /**
   * Emits for each record the first record of its key, with the sum of all so far in `field`. The
   * other fields are those of the first record.
   *
   * @throws FlinktsError FLINKTS_OPERATOR_ID_INVALID, FLINKTS_OPERATOR_ID_DUPLICATE
   */
  sum<Field extends keyof T & string>(
    id: string,
    field: T[Field] extends number | bigint ? Field : never,
    options?: OperatorOptions,
  ): DataStream<T, Guarantee> {
    return this.#reduce(id, sumOf(field), options)
  }

  /**
   * Emits for each record the first record of its key, with the smallest value so far in `field`.
   * The other fields are those of the first record; `minBy` gives a record as it came.
   *
   * @throws FlinktsError FLINKTS_OPERATOR_ID_INVALID, FLINKTS_OPERATOR_ID_DUPLICATE
   */
  min<Field extends keyof T & string>(
    id: string,
    field: T[Field] extends Comparable ? Field : never,
    options?: OperatorOptions,
  ): DataStream<T, Guarantee> {
    return this.#reduce(id, extremeOf(field, -1), options)
  }

  /** The same as `min`, with the greatest value. */
  max<Field extends keyof T & string>(
    id: string,
    field: T[Field] extends Comparable ? Field : never,
    options?: OperatorOptions,
  ): DataStream<T, Guarantee> {
    return this.#reduce(id, extremeOf(field, 1), options)
  }

  /**
   * Emits for each record that record of its key which has the smallest value so far; the first one
   * of equal ones. `by`: a field, or a function that selects the value.
   *
   * @throws FlinktsError FLINKTS_OPERATOR_ID_INVALID, FLINKTS_OPERATOR_ID_DUPLICATE
   */
  minBy<Field extends keyof T & string>(
    id: string,
    by: (T[Field] extends Comparable ? Field : never) | ((value: T) => Comparable),
    options?: OperatorOptions,
  ): DataStream<T, Guarantee> {
    return this.#reduce(id, extremeBy(by as FieldOrSelector, -1), options)
  }

  /** The same as `minBy`, with the greatest value. */
  maxBy<Field extends keyof T & string>(
    id: string,
    by: (T[Field] extends Comparable ? Field : never) | ((value: T) => Comparable),
    options?: OperatorOptions,
  ): DataStream<T, Guarantee> {
    return this.#reduce(id, extremeBy(by as FieldOrSelector, 1), options)
  }

  #reduce(
    id: string,
    reduction: Reduction,
    options: OperatorOptions | undefined,
  ): DataStream<T, Guarantee> {
    const selectKey = this.#selectKey
    const definition: OperatorDefinition = {
      type: 'reduce',
      states: reduceStates,
      create: (context) => new ReduceOperator({ ...reduction, selectKey }, context),
    }
    return this.#operator(id, definition, options)
  }

  #operator<Out>(
    id: string,
    definition: OperatorDefinition,
    options: OperatorOptions | undefined,
  ): DataStream<Out, Guarantee> {
    const partitioning = { type: 'hash' as const, selectKey: this.#selectKey }
    const inputs = this.#inputs.map((input) => ({ ...input, partitioning }))
    return this.#outputOf(this.#builder.add(id, definition, inputs, options))
  }

  /** Puts the records of each key into windows. */
  window(assigner: WindowAssigner<T>): WindowedStream<T, RecordKey, Guarantee> {
    const selectKey = this.#selectKey
    const partitioning = { type: 'hash' as const, selectKey }
    return new WindowedStream(
      {
        builder: this.#builder,
        inputs: this.#inputs.map((input) => ({ ...input, partitioning })),
        selectKey,
        outputOf: this.#outputOf,
        parallelism: undefined,
      },
      { assigner },
    )
  }

  /**
   * Windows of `count` records of a key; with `slide`, windows of the last `count` records, every
   * `slide` records. Results have the timestamp `Infinity`.
   *
   * @throws FlinktsError FLINKTS_OPTION_INVALID
   */
  countWindow(count: number, slide?: number): WindowedStream<T, RecordKey, Guarantee> {
    const windowed = this.window(globalWindows())
    if (slide === undefined) return windowed.trigger(purging(countTrigger(count)))
    return windowed.evictor(countEvictor(count)).trigger(countTrigger(slide))
  }

  /**
   * This stream and `second`, which has the same keys, as the two inputs of one operator: they
   * share the state and the timers of a key. Or a broadcast stream, whose records reach every
   * subtask.
   *
   * @throws FlinktsError FLINKTS_JOB_INVALID if they are of two jobs
   */
  connect<Second>(
    second: KeyedStream<Second, RecordKey, Guarantee>,
  ): KeyedConnectedStreams<T, Second, RecordKey, Guarantee>
  connect<Rule, Shared extends BroadcastDeclarations>(
    second: BroadcastStream<Rule, Shared>,
  ): KeyedBroadcastConnectedStreams<T, Rule, RecordKey, Shared, Guarantee>
  connect<Second, Shared extends BroadcastDeclarations>(
    second: KeyedStream<Second, RecordKey, Guarantee> | BroadcastStream<Second, Shared>,
  ):
    | KeyedConnectedStreams<T, Second, RecordKey, Guarantee>
    | KeyedBroadcastConnectedStreams<T, Second, RecordKey, Shared, Guarantee> {
    const parts = { builder: this.#builder, outputOf: this.#outputOf }
    if (second instanceof BroadcastStream) {
      this.#builder.checkSameJob([second.builder], 'connects')
      return new KeyedBroadcastConnectedStreams(parts, this.#side, second)
    }
    this.#builder.checkSameJob([second.#builder], 'connects')
    return new KeyedConnectedStreams(parts, this.#side, second.#side)
  }

  /**
   * Joins records of this stream, the left one, with those of `right` that have the same key and
   * lie in an interval of event time around them.
   *
   * @throws FlinktsError FLINKTS_JOB_INVALID if they are of two jobs
   */
  intervalJoin<Right>(
    right: KeyedStream<Right, RecordKey, Guarantee>,
  ): IntervalJoin<T, Right, Guarantee> {
    return new IntervalJoin(this.#joined(right))
  }

  /**
   * Joins records of this stream, the left one, with those of `right` that have the same key and
   * are in the same window.
   *
   * @throws FlinktsError FLINKTS_JOB_INVALID if they are of two jobs
   */
  windowJoin<Right>(
    right: KeyedStream<Right, RecordKey, Guarantee>,
  ): WindowJoin<T, Right, RecordKey, Guarantee> {
    return new WindowJoin(this.#joined(right))
  }

  #joined<Right>(right: KeyedStream<Right, RecordKey, Guarantee>): JoinedStreams<Guarantee> {
    this.#builder.checkSameJob([right.#builder], 'joins')
    const parts = { builder: this.#builder, outputOf: this.#outputOf }
    return { parts, left: this.#side, right: right.#side }
  }

  get #side(): KeyedSide {
    return { inputs: this.#inputs, selectKey: this.#selectKey }
  }
}

/** What a record is compared by, its type erased. */
type FieldOrSelector = string | ((value: unknown) => unknown)
