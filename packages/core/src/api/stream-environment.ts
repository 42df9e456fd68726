import type { DeliveryGuarantee } from '../common/guarantee.ts'
import type { Source } from '../connector/source.ts'
import type { SourceSplit } from '../connector/source-split.ts'
import type { WatermarkStrategy } from '../time/watermark-strategy.ts'
import { type DataStream, streamOf } from './data-stream.ts'
import type { GraphBuilder, OperatorOptions } from './graph-builder.ts'
import { checkSource } from './guarantee-check.ts'
import { settingsOf } from './watermark-check.ts'

/** Whether the sources of a job must replay: only `at-least-once` jobs may use others. @public */
export type Replays<Guarantee extends DeliveryGuarantee> = Guarantee extends 'at-least-once'
  ? boolean
  : true

/** Settings of one source. @public */
export interface SourceOptions<Out> extends OperatorOptions {
  /**
   * The event time of the records, for each split by itself. Replaces the timestamps and watermarks
   * that the source gives; default: those.
   */
  readonly watermarks?: WatermarkStrategy<Out>
}

/** Where a job begins: its sources. @public */
export class StreamEnvironment<Guarantee extends DeliveryGuarantee> {
  readonly #builder: GraphBuilder

  /** @internal */
  constructor(builder: GraphBuilder) {
    this.#builder = builder
  }

  /**
   * Reads `source`. `id` names its positions in the checkpoints, for ever.
   *
   * @throws FlinktsError FLINKTS_GUARANTEE_VIOLATED if the source cannot replay and the job needs
   * it; FLINKTS_OPTION_INVALID, FLINKTS_OPERATOR_ID_INVALID, FLINKTS_OPERATOR_ID_DUPLICATE
   */
  source<Out, Split extends SourceSplit, EnumeratorState>(
    id: string,
    source: Source<Out, Split, EnumeratorState, Replays<Guarantee>>,
    options: SourceOptions<NoInfer<Out>> = {},
  ): DataStream<Out, Guarantee> {
    checkSource(this.#builder, id, source)
    const untyped = source as Source<unknown>
    const { watermarks } = options
    const time = {
      watermarks: watermarks === undefined ? undefined : settingsOf(id, watermarks),
      intervalMs: this.#builder.autoWatermarkIntervalMs,
    }
    return streamOf(
      this.#builder,
      this.#builder.add(id, { type: 'source', source: untyped, time }, [], options),
    )
  }
}
