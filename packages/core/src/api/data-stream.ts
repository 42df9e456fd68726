import { FlinktsError } from '../common/errors.ts'
import type { Accepts, DeliveryGuarantee } from '../common/guarantee.ts'
import type { Sink } from '../connector/sink.ts'
import type { Partitioning, StreamInput } from '../graph/stream-node.ts'
import type { OperatorDefinition } from '../operators/operator-definition.ts'
import type { OutputTag } from '../operators/output-tag.ts'
import { FilterOperator, FlatMapOperator, MapOperator } from '../operators/stateless.ts'
import type { Key } from '../state/key.ts'
import { ConnectedStreams } from './connected-streams.ts'
import type { GraphBuilder, OperatorOptions } from './graph-builder.ts'
import { checkSink } from './guarantee-check.ts'
import { KeyedStream } from './keyed-stream.ts'

/**
 * Records of type `T` in a job that promises `Guarantee`. Methods record what to do; nothing runs
 * until the job does. A stream may be used any number of times.
 *
 * @public
 */
export class DataStream<T, Guarantee extends DeliveryGuarantee> {
  readonly #builder: GraphBuilder
  readonly #inputs: readonly StreamInput[]

  /** @internal */
  constructor(builder: GraphBuilder, inputs: readonly StreamInput[]) {
    this.#builder = builder
    this.#inputs = inputs
  }

  /** One record for each: what `map` returns. */
  map<Out>(map: (value: T) => Out, options?: OperatorOptions): DataStream<Out, Guarantee> {
    const untyped = map as (value: unknown) => unknown
    return this.#operator(
      { type: 'map', create: (context) => new MapOperator(untyped, context) },
      options,
    )
  }

  /** Keeps the records for which `predicate` holds. */
  filter<Out extends T>(
    predicate: (value: T) => value is Out,
    options?: OperatorOptions,
  ): DataStream<Out, Guarantee>
  filter(predicate: (value: T) => boolean, options?: OperatorOptions): DataStream<T, Guarantee>
  filter(predicate: (value: T) => boolean, options?: OperatorOptions): DataStream<T, Guarantee> {
    const untyped = predicate as (value: unknown) => boolean
    return this.#operator(
      { type: 'filter', create: (context) => new FilterOperator(untyped, context) },
      options,
    )
  }

  /**
   * Any number of records for each: what `flatMap` returns, in order. A generator is paused while
   * the operators behind it are busy, so it may yield more than fits into memory.
   */
  flatMap<Out>(
    flatMap: (value: T) => Iterable<Out>,
    options?: OperatorOptions,
  ): DataStream<Out, Guarantee> {
    const untyped = flatMap as (value: unknown) => Iterable<unknown>
    return this.#operator(
      { type: 'flat-map', create: (context) => new FlatMapOperator(untyped, context) },
      options,
    )
  }

  /**
   * The records of this stream and of `others`; each stream keeps its order, between them there is
   * none.
   */
  union(...others: readonly DataStream<T, Guarantee>[]): DataStream<T, Guarantee> {
    const builders = others.map((other) => other.#builder)
    this.#builder.checkSameJob(builders, 'unites')
    const inputs = [this, ...others].flatMap((stream) => stream.#inputs)
    return new DataStream(this.#builder, inputs)
  }

  /**
   * This stream and `second`, of other records perhaps, as the two inputs of one operator; each
   * keeps its order, between them there is none. The watermark behind it is the smaller one of the
   * two.
   *
   * @throws FlinktsError FLINKTS_JOB_INVALID if they are of two jobs
   */
  connect<Second>(second: DataStream<Second, Guarantee>): ConnectedStreams<T, Second, Guarantee> {
    this.#builder.checkSameJob([second.#builder], 'connects')
    const outputOf = <Out>(from: number): DataStream<Out, Guarantee> => this.#then(from)
    const parts = { builder: this.#builder, outputOf }
    return new ConnectedStreams(parts, this.#inputs, second.#inputs)
  }

  /**
   * Sends records with the same key to the same subtask, where they share their state. Equal keys
   * are equal values: `1` and `1n` differ, tuples are equal if their elements are.
   */
  keyBy<const RecordKey extends Key>(
    selectKey: (value: T) => RecordKey,
  ): KeyedStream<T, RecordKey, Guarantee> {
    const outputOf = <Out>(from: number): DataStream<Out, Guarantee> => this.#then(from)
    const parts = { builder: this.#builder, inputs: this.#inputs, outputOf }
    return new KeyedStream(parts, selectKey)
  }

  /**
   * What the operator behind this stream emits to a side output. Of a stream that is the output of
   * one operator.
   *
   * @throws FlinktsError FLINKTS_JOB_INVALID if it is not
   */
  sideOutput<Side>(tag: OutputTag<Side>): DataStream<Side, Guarantee> {
    const [input, ...others] = this.#inputs
    const plain = input?.partitioning.type === 'forward' && input.tag === undefined
    if (input === undefined || others.length > 0 || !plain) {
      throw new FlinktsError(
        'FLINKTS_JOB_INVALID',
        `job "${this.#builder.jobName}" asks for side output "${tag.id}" of what no operator emits`,
        { hint: 'Ask the stream that the operator returned, before union or partitioning.' },
      )
    }
    return new DataStream(this.#builder, [{ ...input, tag: tag.id }])
  }

  /** Spreads the records evenly over the subtasks of the next operator, in turn. */
  rebalance(): DataStream<T, Guarantee> {
    return this.#partition({ type: 'rebalance' })
  }

  /** Sends every record to every subtask of the next operator. */
  broadcast(): DataStream<T, Guarantee> {
    return this.#partition({ type: 'broadcast' })
  }

  /**
   * Writes the records to `sink`. `id` names its transactions and files, for ever.
   *
   * @throws FlinktsError FLINKTS_GUARANTEE_VIOLATED if the sink's guarantee is weaker than the
   * job's
   */
  sinkTo<Committable>(
    id: string,
    sink: Sink<T, Committable, Accepts<Guarantee>>,
    options?: OperatorOptions,
  ): void {
    checkSink(this.#builder, id, sink)
    const untyped = sink as Sink<unknown>
    this.#builder.add(id, { type: 'sink', sink: untyped }, this.#inputs, options)
  }

  #partition(partitioning: Partitioning): DataStream<T, Guarantee> {
    return new DataStream(
      this.#builder,
      this.#inputs.map((input) => ({ ...input, partitioning })),
    )
  }

  #operator<Out>(
    definition: OperatorDefinition,
    options: OperatorOptions | undefined,
  ): DataStream<Out, Guarantee> {
    return this.#then(this.#builder.addUnnamed(definition, this.#inputs, options))
  }

  #then<Out>(from: number): DataStream<Out, Guarantee> {
    return streamOf(this.#builder, from)
  }
}

/** The output of a node. @internal */
export function streamOf<T, Guarantee extends DeliveryGuarantee>(
  builder: GraphBuilder,
  from: number,
): DataStream<T, Guarantee> {
  return new DataStream(builder, [{ from, partitioning: { type: 'forward' } }])
}
