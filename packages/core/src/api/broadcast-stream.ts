import { FlinktsError } from '../common/errors.ts'
import type { DeliveryGuarantee } from '../common/guarantee.ts'
import type { StreamInput } from '../graph/stream-node.ts'
import { BroadcastProcessOperator } from '../operators/broadcast/broadcast-process.ts'
import type {
  BroadcastProcess,
  KeyedBroadcastProcess,
} from '../operators/broadcast/broadcast-function.ts'
import {
  type KeyedBroadcastFunction,
  KeyedBroadcastProcessOperator,
} from '../operators/broadcast/keyed-broadcast-process.ts'
import { keptTimers } from '../operators/keyed-runtime.ts'
import type { OperatorDefinition } from '../operators/operator-definition.ts'
import type { BroadcastDeclarations } from '../state/broadcast-state.ts'
import type { Key } from '../state/key.ts'
import type { StateDeclarations } from '../state/state-descriptor.ts'
import type { ConnectedParts, KeyedSide } from './connected-streams.ts'
import type { DataStream } from './data-stream.ts'
import type { GraphBuilder, OperatorOptions } from './graph-builder.ts'
import { checkKeyless } from './keyless-check.ts'

/**
 * A stream whose records go to every subtask, and the states that they keep there. Connect a stream
 * to it.
 *
 * @public
 */
export class BroadcastStream<T, Shared extends BroadcastDeclarations> {
  /** @internal */
  readonly builder: GraphBuilder
  /** @internal */
  readonly inputs: readonly StreamInput[]
  /** @internal */
  readonly states: Shared
  /** Carries the type of the records; never set. */
  readonly '~record'?: T

  /** @internal */
  constructor(builder: GraphBuilder, inputs: readonly StreamInput[], states: Shared) {
    const taken = Object.keys(states).find((name) => name.startsWith('~'))
    if (taken !== undefined) {
      throw new FlinktsError(
        'FLINKTS_JOB_INVALID',
        `job "${builder.jobName}" declares broadcast state "${taken}", but names with a tilde ` +
          "are flinkts' own",
        { hint: 'Give the state another name.' },
      )
    }
    this.builder = builder
    this.inputs = inputs
    this.states = states
  }
}

/** A stream and a broadcast stream that one operator reads. @public */
export class BroadcastConnectedStreams<
  In,
  Rule,
  Shared extends BroadcastDeclarations,
  Guarantee extends DeliveryGuarantee,
> {
  readonly #parts: ConnectedParts<Guarantee>
  readonly #first: readonly StreamInput[]
  readonly #second: BroadcastStream<Rule, Shared>

  /** @internal */
  constructor(
    parts: ConnectedParts<Guarantee>,
    first: readonly StreamInput[],
    second: BroadcastStream<Rule, Shared>,
  ) {
    this.#parts = parts
    this.#first = first
    this.#second = second
  }

  /**
   * Calls `process` for each record; `id` names the broadcast states, for ever.
   *
   * @throws FlinktsError FLINKTS_OPERATOR_ID_INVALID, FLINKTS_OPERATOR_ID_DUPLICATE
   */
  process<Out>(
    id: string,
    process: BroadcastProcess<In, Rule, Out, Shared>,
    options?: OperatorOptions,
  ): DataStream<Out, Guarantee> {
    checkKeyless(id, process)
    const { states: broadcast, inputs } = this.#second
    const resolved = {
      // The types of records and states end here; the streams' own types have checked them.
      process: process as BroadcastProcess<unknown, unknown, unknown, BroadcastDeclarations>,
      broadcast,
    }
    const definition: OperatorDefinition = {
      type: 'broadcast-process',
      lists: Object.keys(broadcast),
      create: (context) => new BroadcastProcessOperator(resolved, context),
    }
    const { builder, outputOf } = this.#parts
    const first = this.#first.map((input) => ({ ...input, port: 0 as const }))
    return outputOf(builder.add(id, definition, [...first, ...toAll(inputs)], options))
  }
}

/** A keyed stream and a broadcast stream that one operator reads. @public */
export class KeyedBroadcastConnectedStreams<
  In,
  Rule,
  RecordKey extends Key,
  Shared extends BroadcastDeclarations,
  Guarantee extends DeliveryGuarantee,
> {
  readonly #parts: ConnectedParts<Guarantee>
  readonly #first: KeyedSide
  readonly #second: BroadcastStream<Rule, Shared>
  /** Carries the types of records and keys; never set. */
  '~types'?(value: In): RecordKey

  /** @internal */
  constructor(
    parts: ConnectedParts<Guarantee>,
    first: KeyedSide,
    second: BroadcastStream<Rule, Shared>,
  ) {
    this.#parts = parts
    this.#first = first
    this.#second = second
  }

  /**
   * Calls `process` for each record; `id` names the keyed and the broadcast states, for ever.
   *
   * @throws FlinktsError FLINKTS_OPERATOR_ID_INVALID, FLINKTS_OPERATOR_ID_DUPLICATE
   */
  process<Out, Declarations extends StateDeclarations>(
    id: string,
    process: KeyedBroadcastProcess<In, Rule, RecordKey, Out, Declarations, Shared>,
    options?: OperatorOptions,
  ): DataStream<Out, Guarantee> {
    const { selectKey } = this.#first
    const { states: broadcast, inputs } = this.#second
    const resolved: KeyedBroadcastFunction = {
      process,
      broadcast,
      selectKey,
    }
    const definition: OperatorDefinition = {
      type: 'broadcast-process',
      states: resolved.process.state,
      keeps: keptTimers(resolved.process),
      lists: Object.keys(broadcast),
      create: (context) => new KeyedBroadcastProcessOperator(resolved, context),
    }
    const partitioning = { type: 'hash' as const, selectKey }
    const first = this.#first.inputs.map((input) => ({ ...input, partitioning, port: 0 as const }))
    const { builder, outputOf } = this.#parts
    return outputOf(builder.add(id, definition, [...first, ...toAll(inputs)], options))
  }
}

function toAll(inputs: readonly StreamInput[]): readonly StreamInput[] {
  return inputs.map((input) => ({ ...input, partitioning: { type: 'broadcast' }, port: 1 }))
}
