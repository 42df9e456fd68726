import { FlinktsError } from '../common/errors.ts'
import type { Accepts, DeliveryGuarantee } from '../common/guarantee.ts'
import type { AsyncContext, AsyncFunction, OpenAsyncFunction } from '../connector/async-function.ts'
import type { Sink } from '../connector/sink.ts'
import type { CustomPartitioner, Partitioning, StreamInput } from '../graph/stream-node.ts'
import { AsyncOperator } from '../operators/async/async-operator.ts'
import { type AsyncOptions, resolveAsyncOptions } from '../operators/async/async-options.ts'
import type { OperatorDefinition } from '../operators/operator-definition.ts'
import type { OutputTag } from '../common/output-tag.ts'
import { FilterOperator, FlatMapOperator, MapOperator } from '../operators/stateless.ts'
import type { WindowAssigner } from '../operators/window/window-assigner.ts'
import { TimestampsAndWatermarksOperator } from '../operators/timestamps-and-watermarks.ts'
import type { WatermarkStrategy } from '../time/watermark-strategy.ts'
import type { BroadcastDeclarations } from '../state/broadcast-state.ts'
import type { Key } from '../state/key.ts'
import { BroadcastConnectedStreams, BroadcastStream } from './broadcast-stream.ts'
import { ConnectedStreams } from './connected-streams.ts'
import type { GraphBuilder, OperatorOptions } from './graph-builder.ts'
import { checkSink } from './guarantee-check.ts'
import { KeyedStream } from './keyed-stream.ts'
import { WindowedStream } from './windowed-stream.ts'
import { streamSettingsOf } from './watermark-check.ts'

/**
 * Records of type `T` in a job that promises `Guarantee`. Methods record what to do; nothing runs
 * until the job does. A stream may be used any number of times.
 *
 * @public
 */
export class DataStream<out T, Guarantee extends DeliveryGuarantee> {
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
   * One record for each: what the promise of `map` resolves to; for I/O, with many records under
   * way at once. After a failure of the job `map` is called again for records whose result was not
   * in a checkpoint: it must bear that. An `AsyncFunction` keeps connections open between calls.
   * `id` names the records under way, for ever.
   *
   * @throws FlinktsError FLINKTS_OPERATOR_ID_INVALID, FLINKTS_OPERATOR_ID_DUPLICATE,
   * FLINKTS_OPTION_INVALID
   */
  mapAsync<Out>(
    id: string,
    map: AsyncFunction<T, Out> | ((value: T, context: AsyncContext) => Promise<Out> | Out),
    options: AsyncOptions<T, Out> & OperatorOptions,
  ): DataStream<Out, Guarantee> {
    return this.#async(id, map, { many: false, options })
  }

  /** Any number of records for each: what the promise resolves to, in order; see `mapAsync`. */
  flatMapAsync<Out>(
    id: string,
    flatMap:
      | AsyncFunction<T, Iterable<Out>>
      | ((value: T, context: AsyncContext) => Promise<Iterable<Out>> | Iterable<Out>),
    options: AsyncOptions<T, Iterable<Out>> & OperatorOptions,
  ): DataStream<Out, Guarantee> {
    return this.#async(id, flatMap, { many: true, options })
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
  connect<Second>(second: DataStream<Second, Guarantee>): ConnectedStreams<T, Second, Guarantee>
  connect<Rule, Shared extends BroadcastDeclarations>(
    second: BroadcastStream<Rule, Shared>,
  ): BroadcastConnectedStreams<T, Rule, Shared, Guarantee>
  connect<Second, Shared extends BroadcastDeclarations>(
    second: DataStream<Second, Guarantee> | BroadcastStream<Second, Shared>,
  ):
    | ConnectedStreams<T, Second, Guarantee>
    | BroadcastConnectedStreams<T, Second, Shared, Guarantee> {
    const outputOf = <Out>(from: number): DataStream<Out, Guarantee> => this.#then(from)
    const parts = { builder: this.#builder, outputOf }
    if (second instanceof BroadcastStream) {
      this.#builder.checkSameJob([second.builder], 'connects')
      return new BroadcastConnectedStreams(parts, this.#inputs, second)
    }
    this.#builder.checkSameJob([second.#builder], 'connects')
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
   * Puts all records into windows, in one subtask: what a window computes of all keys together.
   * The key of its context is 0.
   */
  windowAll(assigner: WindowAssigner<T>): WindowedStream<T, number, Guarantee> {
    const selectKey = (): number => 0
    return new WindowedStream(
      {
        builder: this.#builder,
        inputs: this.#inputs.map((input) => ({
          ...input,
          partitioning: { type: 'hash' as const, selectKey },
        })),
        selectKey,
        outputOf: <Out>(from: number): DataStream<Out, Guarantee> => this.#then(from),
        parallelism: 1,
      },
      { assigner },
    )
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

  /**
   * Gives records their event time in the middle of a job, for each subtask by itself. Replaces
   * timestamps, and the watermarks and idleness from before, except for the end of the input. At
   * the source it is more exact: `env.source(id, source, { watermarks })`.
   *
   * @throws FlinktsError FLINKTS_OPTION_INVALID for ingestion time, which is taken at the source
   */
  assignTimestampsAndWatermarks(
    strategy: WatermarkStrategy<T>,
    options?: OperatorOptions,
  ): DataStream<T, Guarantee> {
    const settings = streamSettingsOf(this.#builder.jobName, strategy)
    const intervalMs = this.#builder.autoWatermarkIntervalMs
    return this.#operator(
      {
        type: 'watermarks',
        create: (context) => {
          return new TimestampsAndWatermarksOperator({ settings, intervalMs }, context)
        },
      },
      options,
    )
  }

  /** Spreads the records evenly over the subtasks of the next operator, in turn. */
  rebalance(): DataStream<T, Guarantee> {
    return this.#partition({ type: 'rebalance' })
  }

  /** Sends every record to every subtask of the next operator. */
  broadcast(): DataStream<T, Guarantee>
  /**
   * Sends every record to every subtask of the operator that a stream is connected for, which keeps
   * these states in each subtask: `orders.connect(rules.broadcast({ … })).process(…)`.
   *
   * @throws FlinktsError FLINKTS_JOB_INVALID if a name begins with a tilde
   */
  broadcast<Shared extends BroadcastDeclarations>(states: Shared): BroadcastStream<T, Shared>
  broadcast<Shared extends BroadcastDeclarations>(
    states?: Shared,
  ): DataStream<T, Guarantee> | BroadcastStream<T, Shared> {
    if (states === undefined) return this.#partition({ type: 'broadcast' })
    return new BroadcastStream(this.#builder, this.#inputs, states)
  }

  /**
   * Spreads the records in turn over a part of the subtasks of the next operator: each subtask has
   * its own, of two subtasks for six each feeds three; of six for two, three feed the same one.
   */
  rescale(): DataStream<T, Guarantee> {
    return this.#partition({ type: 'rescale' })
  }

  /** Spreads the records at random: records that come in the same order, in the same way. */
  shuffle(): DataStream<T, Guarantee> {
    return this.#partition({ type: 'shuffle' })
  }

  /** Sends all records to subtask 0 of the next operator. */
  global(): DataStream<T, Guarantee> {
    return this.#partition({ type: 'global' })
  }

  /**
   * Sends each record to the subtask of the next operator that `partition` chooses for what `keyOf`
   * selects of it: an index from 0 to `subtaskCount` (exclusive). Another index fails the job
   * (`FLINKTS_PARTITION_INVALID`). Keyed state needs `keyBy` instead.
   * Name the type of `key`, which is not inferred from `keyOf`.
   */
  partitionCustom<PartitionKey>(
    partition: (key: PartitionKey, subtaskCount: number) => number,
    keyOf: (value: T) => PartitionKey,
  ): DataStream<T, Guarantee> {
    return this.#partition({
      type: 'custom',
      partition: partition as CustomPartitioner['partition'],
      selectKey: keyOf as CustomPartitioner['selectKey'],
    })
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

  #async<Out, Result>(
    id: string,
    call:
      | AsyncFunction<T, Result>
      | ((value: T, context: AsyncContext) => Promise<Result> | Result),
    parts: { readonly many: boolean; readonly options: AsyncOptions<T, Result> & OperatorOptions },
  ): DataStream<Out, Guarantee> {
    const options = resolveAsyncOptions(id, parts.options)
    const asyncFunction = (
      typeof call === 'function' ? asyncFunctionOf(call) : call
    ) as AsyncFunction<unknown, unknown>
    const resolved = { function: asyncFunction, many: parts.many, options }
    const definition: OperatorDefinition = {
      type: 'async',
      lists: ['in-flight'],
      chaining: 'head',
      create: (context) => new AsyncOperator(resolved, context),
      preflight: async (context) => (await asyncFunction.preflight?.(context)) ?? [],
    }
    return this.#then(this.#builder.add(id, definition, this.#inputs, parts.options))
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

/** A function that keeps nothing open. */
function asyncFunctionOf<In, Result>(
  call: OpenAsyncFunction<In, Result>['call'],
): AsyncFunction<In, Result> {
  return { open: () => Promise.resolve({ call, close: () => Promise.resolve() }) }
}

/** The output of a node. @internal */
export function streamOf<T, Guarantee extends DeliveryGuarantee>(
  builder: GraphBuilder,
  from: number,
): DataStream<T, Guarantee> {
  return new DataStream(builder, [{ from, partitioning: { type: 'forward' } }])
}
