import { FlinktsError } from '../common/errors.ts'
import type { DeliveryGuarantee } from '../common/guarantee.ts'
import type { IntervalJoinFunction } from '../operators/join/interval-join-function.ts'
import { IntervalJoinOperator } from '../operators/join/interval-join.ts'
import type { OperatorDefinition } from '../operators/operator-definition.ts'
import type { OutputTag } from '../common/output-tag.ts'
import { type ConnectedParts, type KeyedSide, keyedInputs } from './connected-streams.ts'
import type { DataStream } from './data-stream.ts'
import type { OperatorOptions } from './graph-builder.ts'

/** Two keyed streams, whose records are joined by key and time once `between` says how. @public */
export class IntervalJoin<Left, Right, Guarantee extends DeliveryGuarantee> {
  readonly #streams: JoinedStreams<Guarantee>

  /** @internal */
  constructor(streams: JoinedStreams<Guarantee>) {
    this.#streams = streams
  }

  /**
   * Joins a left with a right record of the same key if
   * `left.timestamp + lowerMs <= right.timestamp <= left.timestamp + upperMs`. Both are whole
   * milliseconds, inclusive, and may be negative. `process` checks them.
   */
  between(lowerMs: number, upperMs: number): BoundedIntervalJoin<Left, Right, Guarantee> {
    return new BoundedIntervalJoin(this.#streams, { lowerMs, upperMs })
  }
}

/** Which streams are joined. @internal */
export interface JoinedStreams<Guarantee extends DeliveryGuarantee> {
  readonly parts: ConnectedParts<Guarantee>
  readonly left: KeyedSide
  readonly right: KeyedSide
}

/** What is joined, and what becomes of the rest. @internal */
export interface IntervalJoinOptions {
  readonly lowerMs: number
  readonly upperMs: number
  readonly lowerExclusive?: boolean
  readonly upperExclusive?: boolean
  readonly leftLateTag?: OutputTag<unknown>
  readonly rightLateTag?: OutputTag<unknown>
}

/**
 * An inner join by key and interval of event time. It is immutable: each method returns another.
 *
 * @public
 */
export class BoundedIntervalJoin<Left, Right, Guarantee extends DeliveryGuarantee> {
  readonly #streams: JoinedStreams<Guarantee>
  readonly #options: IntervalJoinOptions

  /** @internal */
  constructor(streams: JoinedStreams<Guarantee>, options: IntervalJoinOptions) {
    this.#streams = streams
    this.#options = options
  }

  /** Leaves the lower bound itself out. */
  lowerBoundExclusive(): BoundedIntervalJoin<Left, Right, Guarantee> {
    return this.#with({ lowerExclusive: true })
  }

  /** Leaves the upper bound itself out. */
  upperBoundExclusive(): BoundedIntervalJoin<Left, Right, Guarantee> {
    return this.#with({ upperExclusive: true })
  }

  /**
   * Emits left records that come behind the watermark, and so are not joined, to a side output of
   * the join. Without a tag they are dropped, and counted as `lateRecordsDropped`.
   */
  sideOutputLeftLateData(tag: OutputTag<Left>): BoundedIntervalJoin<Left, Right, Guarantee> {
    return this.#with({ leftLateTag: tag })
  }

  /** The same for right records. */
  sideOutputRightLateData(tag: OutputTag<Right>): BoundedIntervalJoin<Left, Right, Guarantee> {
    return this.#with({ rightLateTag: tag })
  }

  /**
   * Calls `join` for each pair, as soon as both are there; what it emits has the greater timestamp
   * of the two. A record is kept until the watermark says that no other will be joined with it.
   * `id` names that state, for ever.
   *
   * A record without a timestamp fails the job (`FLINKTS_TIMESTAMP_MISSING`).
   *
   * @throws FlinktsError FLINKTS_OPTION_INVALID if no two records could be joined, or a bound is no
   * whole number; FLINKTS_OPERATOR_ID_INVALID, FLINKTS_OPERATOR_ID_DUPLICATE
   */
  process<Out>(
    id: string,
    join: IntervalJoinFunction<Left, Right, Out>,
    options?: OperatorOptions,
  ): DataStream<Out, Guarantee> {
    const { parts, left, right } = this.#streams
    const { leftLateTag, rightLateTag } = this.#options
    const definition = {
      join: join as IntervalJoinFunction<unknown, unknown, unknown>,
      selectLeftKey: left.selectKey,
      selectRightKey: right.selectKey,
      ...inclusiveBounds(id, this.#options),
      leftLateTag,
      rightLateTag,
    }
    const operation: OperatorDefinition = {
      type: 'interval-join',
      keeps: ['records of both sides that later ones may join'],
      create: (context) => new IntervalJoinOperator(definition, context),
    }
    return parts.outputOf(parts.builder.add(id, operation, keyedInputs(left, right), options))
  }

  #with(options: Partial<IntervalJoinOptions>): BoundedIntervalJoin<Left, Right, Guarantee> {
    return new BoundedIntervalJoin(this.#streams, { ...this.#options, ...options })
  }
}

/** Time is in whole milliseconds: a bound that is left out is one that is a millisecond closer. */
function inclusiveBounds(
  operatorId: string,
  options: IntervalJoinOptions,
): { readonly lowerMs: number; readonly upperMs: number } {
  const { lowerMs, upperMs, lowerExclusive = false, upperExclusive = false } = options
  const from = lowerExclusive ? lowerMs + 1 : lowerMs
  const to = upperExclusive ? upperMs - 1 : upperMs
  const whole = Number.isSafeInteger(lowerMs) && Number.isSafeInteger(upperMs)
  if (whole && from <= to) return { lowerMs: from, upperMs: to }
  const interval =
    `${lowerMs} ms (${lowerExclusive ? 'exclusive' : 'inclusive'}) to ` +
    `${upperMs} ms (${upperExclusive ? 'exclusive' : 'inclusive'})`
  throw new FlinktsError(
    'FLINKTS_OPTION_INVALID',
    `interval join "${operatorId}" joins records from ${interval}, which is no interval`,
    {
      hint:
        'Use whole milliseconds, and a lower bound that is not above the upper one. With ' +
        'exclusive bounds, a millisecond must be left between them.',
    },
  )
}
