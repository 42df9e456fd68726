import type { DeliveryGuarantee } from '../common/guarantee.ts'
import type { StreamInput } from '../graph/stream-node.ts'
import type { KeyedProcess } from '../operators/keyed-process-function.ts'
import { KeyedProcessOperator } from '../operators/keyed-process.ts'
import type { Key } from '../state/key.ts'
import type { StateDeclarations } from '../state/state-descriptor.ts'
import { KeyedConnectedStreams, type KeyedSide } from './connected-streams.ts'
import type { DataStream } from './data-stream.ts'
import type { GraphBuilder, OperatorOptions, OutputOf } from './graph-builder.ts'
import { IntervalJoin } from './interval-join.ts'

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
    const inputs = this.#inputs.map((input) => ({
      ...input,
      partitioning: { type: 'hash' as const, selectKey },
    }))
    // The types of records, keys and states end here; the stream's own types have checked them.
    const untyped = process as KeyedProcess<unknown, Key, unknown, StateDeclarations>
    const { state: states } = untyped
    const from = this.#builder.add(
      id,
      {
        type: 'process',
        states,
        create: (context) => new KeyedProcessOperator({ process: untyped, selectKey }, context),
      },
      inputs,
      options,
    )
    return this.#outputOf(from)
  }

  /**
   * This stream and `second`, which has the same keys, as the two inputs of one operator: they
   * share the state and the timers of a key.
   *
   * @throws FlinktsError FLINKTS_JOB_INVALID if they are of two jobs
   */
  connect<Second>(
    second: KeyedStream<Second, RecordKey, Guarantee>,
  ): KeyedConnectedStreams<T, Second, RecordKey, Guarantee> {
    this.#builder.checkSameJob([second.#builder], 'connects')
    const parts = { builder: this.#builder, outputOf: this.#outputOf }
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
    this.#builder.checkSameJob([right.#builder], 'joins')
    const parts = { builder: this.#builder, outputOf: this.#outputOf }
    return new IntervalJoin({ parts, left: this.#side, right: right.#side })
  }

  get #side(): KeyedSide {
    return { inputs: this.#inputs, selectKey: this.#selectKey }
  }
}
