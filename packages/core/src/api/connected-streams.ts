import type { DeliveryGuarantee } from '../common/guarantee.ts'
import type { StreamInput } from '../graph/stream-node.ts'
import type { CoProcess, KeyedCoProcess } from '../operators/co-process-function.ts'
import { CoProcessOperator } from '../operators/co-process.ts'
import { CoFlatMapOperator, CoMapOperator } from '../operators/co-stateless.ts'
import { KeyedCoProcessOperator } from '../operators/keyed-co-process.ts'
import { keptTimers } from '../operators/keyed-runtime.ts'
import type { OperatorDefinition } from '../operators/operator-definition.ts'
import type { Key } from '../state/key.ts'
import type { StateDeclarations } from '../state/state-descriptor.ts'
import type { DataStream } from './data-stream.ts'
import type { GraphBuilder, OperatorOptions, OutputOf } from './graph-builder.ts'
import { checkKeyless } from './keyless-check.ts'

/** Where an operator behind two streams is added. @internal */
export interface ConnectedParts<Guarantee extends DeliveryGuarantee> {
  readonly builder: GraphBuilder
  readonly outputOf: OutputOf<Guarantee>
}

/** One of two keyed streams. @internal */
export interface KeyedSide {
  readonly inputs: readonly StreamInput[]
  readonly selectKey: (value: unknown) => unknown
}

/**
 * Two streams, of other records perhaps, that one operator reads. Each keeps its order; between
 * them there is none.
 *
 * @public
 */
export class ConnectedStreams<First, Second, Guarantee extends DeliveryGuarantee> {
  readonly #parts: ConnectedParts<Guarantee>
  readonly #first: readonly StreamInput[]
  readonly #second: readonly StreamInput[]

  /** @internal */
  constructor(
    parts: ConnectedParts<Guarantee>,
    first: readonly StreamInput[],
    second: readonly StreamInput[],
  ) {
    this.#parts = parts
    this.#first = first
    this.#second = second
  }

  /** One record for each: what the function of its input returns. */
  map<FirstOut, SecondOut>(
    first: (value: First) => FirstOut,
    second: (value: Second) => SecondOut,
    options?: OperatorOptions,
  ): DataStream<FirstOut | SecondOut, Guarantee> {
    const functions = {
      first: first as (value: unknown) => unknown,
      second: second as (value: unknown) => unknown,
    }
    return this.#unnamed(
      { type: 'co-map', create: (context) => new CoMapOperator(functions, context) },
      options,
    )
  }

  /** Any number of records for each: what the function of its input returns, in order. */
  flatMap<FirstOut, SecondOut>(
    first: (value: First) => Iterable<FirstOut>,
    second: (value: Second) => Iterable<SecondOut>,
    options?: OperatorOptions,
  ): DataStream<FirstOut | SecondOut, Guarantee> {
    const functions = {
      first: first as (value: unknown) => Iterable<unknown>,
      second: second as (value: unknown) => Iterable<unknown>,
    }
    return this.#unnamed(
      { type: 'co-flat-map', create: (context) => new CoFlatMapOperator(functions, context) },
      options,
    )
  }

  /**
   * Calls `process` for each record; it knows time and emits to side outputs.
   *
   * @throws FlinktsError FLINKTS_OPERATOR_ID_INVALID, FLINKTS_OPERATOR_ID_DUPLICATE
   */
  process<Out>(
    id: string,
    process: CoProcess<First, Second, Out>,
    options?: OperatorOptions,
  ): DataStream<Out, Guarantee> {
    checkKeyless(id, process)
    const untyped = process as CoProcess<unknown, unknown, unknown>
    const { builder, outputOf } = this.#parts
    const definition: OperatorDefinition = {
      type: 'co-process',
      create: (context) => new CoProcessOperator(untyped, context),
    }
    return outputOf(builder.add(id, definition, this.#inputs, options))
  }

  /** Sends records of both with the same key to the same subtask; see `DataStream.keyBy`. */
  keyBy<const RecordKey extends Key>(
    selectFirstKey: (value: First) => RecordKey,
    selectSecondKey: (value: Second) => NoInfer<RecordKey>,
  ): KeyedConnectedStreams<First, Second, RecordKey, Guarantee> {
    const sideOf = (inputs: readonly StreamInput[], selectKey: unknown): KeyedSide => ({
      inputs,
      selectKey: selectKey as KeyedSide['selectKey'],
    })
    const first = sideOf(this.#first, selectFirstKey)
    return new KeyedConnectedStreams(this.#parts, first, sideOf(this.#second, selectSecondKey))
  }

  get #inputs(): readonly StreamInput[] {
    return [
      ...this.#first.map((input) => ({ ...input, port: 0 as const })),
      ...this.#second.map((input) => ({ ...input, port: 1 as const })),
    ]
  }

  #unnamed<Out>(
    definition: OperatorDefinition,
    options: OperatorOptions | undefined,
  ): DataStream<Out, Guarantee> {
    const { builder, outputOf } = this.#parts
    return outputOf(builder.addUnnamed(definition, this.#inputs, options))
  }
}

/** Two streams whose records with the same key meet in one operator. @public */
export class KeyedConnectedStreams<
  First,
  Second,
  RecordKey extends Key,
  Guarantee extends DeliveryGuarantee,
> {
  readonly #parts: ConnectedParts<Guarantee>
  readonly #first: KeyedSide
  readonly #second: KeyedSide

  /** @internal */
  constructor(parts: ConnectedParts<Guarantee>, first: KeyedSide, second: KeyedSide) {
    this.#parts = parts
    this.#first = first
    this.#second = second
  }

  /**
   * Calls `process` for each record, with the state of its key, which both streams share. `id`
   * names the state, for ever.
   *
   * @throws FlinktsError FLINKTS_OPERATOR_ID_INVALID, FLINKTS_OPERATOR_ID_DUPLICATE
   */
  process<Out, Declarations extends StateDeclarations>(
    id: string,
    process: KeyedCoProcess<First, Second, RecordKey, Out, Declarations>,
    options?: OperatorOptions,
  ): DataStream<Out, Guarantee> {
    const { builder, outputOf } = this.#parts
    const keyedFunction = {
      // The types of records, keys and states end here; the streams' own types have checked them.
      process: process as KeyedCoProcess<unknown, unknown, Key, unknown, StateDeclarations>,
      selectFirstKey: this.#first.selectKey,
      selectSecondKey: this.#second.selectKey,
    }
    const definition: OperatorDefinition = {
      type: 'co-process',
      states: keyedFunction.process.state,
      keeps: keptTimers(keyedFunction.process),
      create: (context) => new KeyedCoProcessOperator(keyedFunction, context),
    }
    const inputs = keyedInputs(this.#first, this.#second)
    return outputOf(builder.add(id, definition, inputs, options))
  }
}

/** The inputs of an operator that reads two keyed streams. @internal */
export function keyedInputs(first: KeyedSide, second: KeyedSide): readonly StreamInput[] {
  const inputsOf = ({ inputs, selectKey }: KeyedSide, port: 0 | 1): readonly StreamInput[] =>
    inputs.map((input) => ({ ...input, port, partitioning: { type: 'hash', selectKey } }))
  return [...inputsOf(first, 0), ...inputsOf(second, 1)]
}
