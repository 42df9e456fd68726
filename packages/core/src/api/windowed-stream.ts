import { FlinktsError } from '../common/errors.ts'
import type { DeliveryGuarantee } from '../common/guarantee.ts'
import type { StreamInput } from '../graph/stream-node.ts'
import { WindowJoinOperator } from '../operators/join/window-join.ts'
import type { OperatorDefinition } from '../operators/operator-definition.ts'
import type { OutputTag } from '../common/output-tag.ts'
import type { Evictor } from '../operators/window/evictor.ts'
import type { Trigger } from '../operators/window/trigger.ts'
import type { WindowAssigner } from '../operators/window/window-assigner.ts'
import {
  aggregatedContents,
  evictedContents,
  listedContents,
  reducedContents,
  type WindowContents,
} from '../operators/window/window-contents.ts'
import { SliceCombiner } from '../operators/window/slice-combiner.ts'
import { SlicedWindowOperator } from '../operators/window/sliced-window-operator.ts'
import {
  sliced,
  type SlicedWindowDefinition,
  type UntypedWindowFunction,
} from '../operators/window/window-definition.ts'
import type {
  WindowAggregate,
  WindowContext,
  WindowFunction,
} from '../operators/window/window-function.ts'
import { WindowOperator } from '../operators/window/window-operator.ts'
import { optionInvalid } from '../operators/window/window.ts'
import type { Key } from '../state/key.ts'
import type { StateDeclarations } from '../state/state-descriptor.ts'
import type { DataStream } from './data-stream.ts'
import type { GraphBuilder, OperatorOptions, OutputOf } from './graph-builder.ts'

/** Settings of reduced or aggregated windows with a function for what comes out. @public */
export interface WindowOptionsWithFunction<
  Result,
  Out,
  RecordKey extends Key,
  State extends StateDeclarations,
  WindowValue,
> extends OperatorOptions {
  /** Gets what the records of the window were reduced or aggregated to, and says what to emit. */
  readonly window:
    | WindowFunction<Result, Out, RecordKey, State, WindowValue>
    | ((context: WindowContext<RecordKey>, result: Result) => Iterable<Out> | undefined | void)
}

/** Where the records of windows come from. @internal */
export interface WindowedInput<Guarantee extends DeliveryGuarantee> {
  readonly builder: GraphBuilder
  /** By key. */
  readonly inputs: readonly StreamInput[]
  readonly selectKey: (value: unknown) => unknown
  readonly outputOf: OutputOf<Guarantee>
  /** `undefined`: as the job says. */
  readonly parallelism: number | undefined
  /** Whether they are of two streams; functions then see them with their side. */
  readonly joined?: boolean
}

/** How windows work. @internal */
export interface WindowSettings {
  readonly assigner: WindowAssigner
  readonly trigger?: Trigger<unknown, unknown>
  readonly evictor?: Evictor
  readonly latenessMs?: number
  readonly lateTag?: string
}

/**
 * Records of type `T` by key, in windows. Methods that set something return a new description;
 * `reduce`, `aggregate` and `process` make the operator.
 *
 * @public
 */
export class WindowedStream<T, RecordKey extends Key, Guarantee extends DeliveryGuarantee> {
  readonly #input: WindowedInput<Guarantee>
  readonly #settings: WindowSettings

  /** @internal */
  constructor(input: WindowedInput<Guarantee>, settings: WindowSettings) {
    this.#input = input
    this.#settings = settings
  }

  /** Fires windows by `trigger` instead of the assigner's default. */
  trigger<State>(trigger: Trigger<T, State>): WindowedStream<T, RecordKey, Guarantee> {
    return this.#with({ trigger })
  }

  /**
   * Drops records from windows that fire. Windows keep all their records then, also if these are
   * reduced or aggregated.
   */
  evictor(evictor: Evictor<T>): WindowedStream<T, RecordKey, Guarantee> {
    return this.#with({ evictor })
  }

  /**
   * Keeps windows for `ms` milliseconds of event time after their end, 0 (default) or more: a
   * record that comes later than the watermark, but within that time, is added, and fires its
   * window again.
   *
   * @throws FlinktsError FLINKTS_OPTION_INVALID, and FLINKTS_JOB_INVALID for windows that do not go
   * by event time
   */
  allowedLateness(ms: number): WindowedStream<T, RecordKey, Guarantee> {
    const { assigner } = this.#settings
    if (!(ms >= 0)) {
      throw optionInvalid(
        `the allowed lateness of ${assigner.name}`,
        ms,
        'Give a number of milliseconds of 0 or more.',
      )
    }
    if (!assigner.isEventTime && ms > 0) {
      throw new FlinktsError(
        'FLINKTS_JOB_INVALID',
        `${assigner.name} have an allowed lateness of ${ms}, but do not go by event time`,
        { hint: 'Only in event time can a record be late: leave the lateness out.' },
      )
    }
    return this.#with({ latenessMs: ms })
  }

  /**
   * Emits records that come too late for all their windows to a side output. Without this they are
   * dropped, and counted as `lateRecordsDropped`.
   */
  sideOutputLateData(tag: OutputTag<T>): WindowedStream<T, RecordKey, Guarantee> {
    return this.#with({ lateTag: tag.id })
  }

  /**
   * Combines the records of a window, two at a time. `reduce` returns a new value rather than
   * change one that it got: that may still be on its way. `id` names the state, for ever.
   *
   * @throws FlinktsError FLINKTS_OPERATOR_ID_INVALID, FLINKTS_OPERATOR_ID_DUPLICATE,
   * FLINKTS_JOB_INVALID
   */
  reduce<Out, State extends StateDeclarations = Record<string, never>, WindowValue = never>(
    id: string,
    reduce: (one: T, other: T) => T,
    options: WindowOptionsWithFunction<T, Out, RecordKey, State, WindowValue>,
  ): DataStream<Out, Guarantee>
  reduce(
    id: string,
    reduce: (one: T, other: T) => T,
    options?: OperatorOptions,
  ): DataStream<T, Guarantee>
  reduce<Out>(
    id: string,
    reduce: (one: T, other: T) => T,
    options: OperatorOptions = {},
  ): DataStream<Out, Guarantee> {
    const contents = reducedContents(reduce as (one: unknown, other: unknown) => unknown)
    return this.#operator(id, contents, options)
  }

  /**
   * Aggregates the records of a window. `id` names the state, for ever.
   *
   * @throws FlinktsError FLINKTS_OPERATOR_ID_INVALID, FLINKTS_OPERATOR_ID_DUPLICATE,
   * FLINKTS_JOB_INVALID
   */
  aggregate<
    Accumulator,
    Result,
    Out,
    State extends StateDeclarations = Record<string, never>,
    WindowValue = never,
  >(
    id: string,
    aggregate: WindowAggregate<T, Accumulator, Result>,
    options: WindowOptionsWithFunction<Result, Out, RecordKey, State, WindowValue>,
  ): DataStream<Out, Guarantee>
  aggregate<Accumulator, Result>(
    id: string,
    aggregate: WindowAggregate<T, Accumulator, Result>,
    options?: OperatorOptions,
  ): DataStream<Result, Guarantee>
  aggregate<Accumulator, Result, Out>(
    id: string,
    aggregate: WindowAggregate<T, Accumulator, Result>,
    options: OperatorOptions = {},
  ): DataStream<Out, Guarantee> {
    const untyped = aggregate as WindowAggregate<unknown, unknown, unknown>
    return this.#operator(id, aggregatedContents(untyped), options)
  }

  /**
   * Calls `process` with all records of a window when it fires. The window keeps them until it
   * ends: `reduce` and `aggregate` need less. `id` names the state, for ever.
   *
   * @throws FlinktsError FLINKTS_OPERATOR_ID_INVALID, FLINKTS_OPERATOR_ID_DUPLICATE,
   * FLINKTS_JOB_INVALID
   */
  process<Out, State extends StateDeclarations = Record<string, never>, WindowValue = never>(
    id: string,
    process: WindowFunction<readonly T[], Out, RecordKey, State, WindowValue>,
    options: OperatorOptions = {},
  ): DataStream<Out, Guarantee> {
    return this.#operator(id, listedContents, { ...options, window: process })
  }

  #with(change: Partial<WindowSettings>): WindowedStream<T, RecordKey, Guarantee> {
    return new WindowedStream(this.#input, { ...this.#settings, ...change })
  }

  #operator<Out>(
    id: string,
    inner: WindowContents,
    options: OperatorOptions & { readonly window?: unknown },
  ): DataStream<Out, Guarantee> {
    const { assigner, evictor, latenessMs = 0, lateTag } = this.#settings
    const trigger = this.#settings.trigger ?? assigner.defaultTrigger
    const { builder, inputs, outputOf, selectKey, joined = false } = this.#input
    const windowFunction = functionOf(options.window)
    checkMerging(id, this.#settings, windowFunction)
    const contents = evictor === undefined ? inner : evictedContents(evictor, inner)
    const definition = {
      ...{ selectKey, assigner, trigger, contents, latenessMs, lateTag },
      function: windowFunction,
    }
    const withSlices = evictor === undefined ? sliced(definition) : undefined
    const parallelism = options.parallelism ?? this.#input.parallelism
    const from = builder.add(
      id,
      {
        type: joined ? 'window-join' : 'window',
        states: windowFunction.state ?? {},
        keeps: ['windows: what they contain, their triggers and timers'],
        create: (context) => {
          const windows =
            withSlices === undefined
              ? new WindowOperator(definition, context)
              : new SlicedWindowOperator(withSlices, context)
          return joined ? new WindowJoinOperator(windows) : windows
        },
        ...(joined ? {} : combining(id, withSlices)),
      },
      inputs,
      parallelism === undefined ? {} : { parallelism },
    )
    return outputOf(from)
  }
}

/** How the records of windows are put together on their way, if they can be. */
function combining(
  operatorId: string,
  definition: SlicedWindowDefinition | undefined,
): Pick<OperatorDefinition, 'combiner'> {
  if (definition?.canCombine !== true) return {}
  return { combiner: (output) => new SliceCombiner({ operatorId, definition }, output) }
}

// The types of records, keys and states end here; the stream's own types have checked them.
function functionOf(window: unknown): Partial<UntypedWindowFunction> {
  if (window === undefined) return {}
  if (typeof window !== 'function') return window as UntypedWindowFunction
  return { process: window as UntypedWindowFunction['process'] }
}

function checkMerging(
  id: string,
  { assigner, trigger = assigner.defaultTrigger }: WindowSettings,
  windowFunction: Partial<UntypedWindowFunction>,
): void {
  if (assigner.mergeWindows === undefined) return
  const cannot = (what: string, hint: string): FlinktsError =>
    new FlinktsError(
      'FLINKTS_JOB_INVALID',
      `operator "${id}" uses ${what} with ${assigner.name}, whose windows merge`,
      { hint },
    )
  if (trigger.onMerge === undefined) {
    throw cannot(trigger.name, 'Use a trigger that has onMerge, or windows that do not merge.')
  }
  if (windowFunction.windowState !== undefined) {
    throw cannot(
      'a state of each window',
      'Keep it in the state of the key, or use windows that do not merge.',
    )
  }
}
