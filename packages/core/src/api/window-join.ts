import type { DeliveryGuarantee } from '../common/guarantee.ts'
import { joinPairs, type JoinSides, joinSides } from '../operators/join/window-join.ts'
import type {
  CoGroupFunction,
  WindowJoinFunction,
  WindowJoinRecord,
} from '../operators/join/window-join-function.ts'
import type { OutputTag } from '../common/output-tag.ts'
import type { Evictor } from '../operators/window/evictor.ts'
import type { Trigger } from '../operators/window/trigger.ts'
import type { WindowAssigner } from '../operators/window/window-assigner.ts'
import type { Key } from '../state/key.ts'
import { keyedInputs, type KeyedSide } from './connected-streams.ts'
import type { DataStream } from './data-stream.ts'
import type { OperatorOptions } from './graph-builder.ts'
import type { JoinedStreams } from './interval-join.ts'
import { WindowedStream } from './windowed-stream.ts'

/**
 * Two keyed streams, whose records are joined by key and window once `window` says which.
 *
 * @public
 */
export class WindowJoin<Left, Right, RecordKey extends Key, Guarantee extends DeliveryGuarantee> {
  readonly #streams: JoinedStreams<Guarantee>

  /** @internal */
  constructor(streams: JoinedStreams<Guarantee>) {
    this.#streams = streams
  }

  /** Puts the records of both streams into windows of their key, left and right into the same. */
  window(
    assigner: WindowAssigner<WindowJoinRecord<Left, Right>>,
  ): WindowedJoin<Left, Right, RecordKey, Guarantee> {
    const { parts, left, right } = this.#streams
    const input = {
      ...parts,
      inputs: keyedInputs(left, right),
      selectKey: keyOfEither(left, right),
      parallelism: undefined,
      joined: true,
    }
    return new WindowedJoin(
      new WindowedStream<WindowJoinRecord<Left, Right>, RecordKey, Guarantee>(input, { assigner }),
    )
  }
}

/**
 * Records of two streams by key, in windows. Methods that set something return a new description;
 * `process` and `coGroup` make the operator.
 *
 * @public
 */
export class WindowedJoin<Left, Right, RecordKey extends Key, Guarantee extends DeliveryGuarantee> {
  readonly #windows: WindowedStream<WindowJoinRecord<Left, Right>, RecordKey, Guarantee>

  /** @internal */
  constructor(windows: WindowedStream<WindowJoinRecord<Left, Right>, RecordKey, Guarantee>) {
    this.#windows = windows
  }

  /** See `WindowedStream.trigger`. */
  trigger<State>(
    trigger: Trigger<WindowJoinRecord<Left, Right>, State>,
  ): WindowedJoin<Left, Right, RecordKey, Guarantee> {
    return new WindowedJoin(this.#windows.trigger(trigger))
  }

  /** See `WindowedStream.evictor`: it is given the records of both sides in one list. */
  evictor(
    evictor: Evictor<WindowJoinRecord<Left, Right>>,
  ): WindowedJoin<Left, Right, RecordKey, Guarantee> {
    return new WindowedJoin(this.#windows.evictor(evictor))
  }

  /**
   * See `WindowedStream.allowedLateness`: a late record fires its window again, with all its pairs.
   *
   * @throws FlinktsError FLINKTS_OPTION_INVALID, and FLINKTS_JOB_INVALID for windows that do not go
   * by event time
   */
  allowedLateness(ms: number): WindowedJoin<Left, Right, RecordKey, Guarantee> {
    return new WindowedJoin(this.#windows.allowedLateness(ms))
  }

  /** See `WindowedStream.sideOutputLateData`: late records come with their side. */
  sideOutputLateData(
    tag: OutputTag<WindowJoinRecord<Left, Right>>,
  ): WindowedJoin<Left, Right, RecordKey, Guarantee> {
    return new WindowedJoin(this.#windows.sideOutputLateData(tag))
  }

  /**
   * Calls `join` for each pair of a left and a right record of a window when it fires: an inner
   * join. What it emits has the last millisecond of the window as timestamp. `id` names the state,
   * for ever.
   *
   * @throws FlinktsError FLINKTS_OPERATOR_ID_INVALID, FLINKTS_OPERATOR_ID_DUPLICATE,
   * FLINKTS_JOB_INVALID
   */
  process<Out>(
    id: string,
    join: WindowJoinFunction<Left, Right, Out, RecordKey>,
    options?: OperatorOptions,
  ): DataStream<Out, Guarantee> {
    return this.coGroup(id, joinPairs(join), options)
  }

  /**
   * Calls `coGroup` with all left and all right records of a window when it fires, also if there
   * are only left ones, or only right ones: for outer joins. What it emits has the last millisecond
   * of the window as timestamp. `id` names the state, for ever.
   *
   * @throws FlinktsError FLINKTS_OPERATOR_ID_INVALID, FLINKTS_OPERATOR_ID_DUPLICATE,
   * FLINKTS_JOB_INVALID
   */
  coGroup<Out>(
    id: string,
    coGroup: CoGroupFunction<Left, Right, Out, RecordKey>,
    options?: OperatorOptions,
  ): DataStream<Out, Guarantee> {
    type Sides = JoinSides<Left, Right>
    return this.#windows.aggregate<Sides, Sides, Out>(id, joinSides(), {
      ...options,
      window: (context, { left, right }) => coGroup(left, right, context),
    })
  }
}

function keyOfEither(left: KeyedSide, right: KeyedSide): (record: unknown) => unknown {
  return (record) => {
    // The operator has made it of a record of one of the sides.
    const { side, value } = record as WindowJoinRecord<unknown, unknown>
    return side === 'left' ? left.selectKey(value) : right.selectKey(value)
  }
}
