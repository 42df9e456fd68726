import type { Serializer } from '../common/serializer.ts'
import type { OutputTag } from '../common/output-tag.ts'
import type { Preflight } from './preflight.ts'
import type { SourceProver } from './prover.ts'
import type { SourceReader, SourceReaderContext } from './source-reader.ts'
import type { SourceSplit } from './source-split.ts'
import type { SplitEnumerator, SplitEnumeratorContext } from './split-enumerator.ts'

/**
 * A source: configuration and factories; it opens nothing by itself. After FLIP-27: the enumerator
 * (one, on the coordinator) discovers splits and hands them to readers (one a subtask); positions
 * live in the splits that readers give to every checkpoint.
 *
 * @public
 */
export interface Source<
  Out,
  Split extends SourceSplit = SourceSplit,
  EnumeratorState = unknown,
  Replay extends boolean = boolean,
> extends Preflight {
  /** For people, in `explain` and logs: `postgres tables public.orders`. No secrets. */
  readonly description: string
  readonly boundedness: 'bounded' | 'continuous-unbounded'
  /** Whether a reader that gets a split of an older checkpoint emits the same records again. */
  readonly replayable: Replay
  /** For people: what makes it replayable: `replication slot, acknowledged from checkpoints`. */
  readonly mechanism: string
  /**
   * The reports of the conformance kit that cover it as it is configured: URLs of files
   * `conformance.json` in the connector's package. `flinkts explain` shows them. None: no report.
   */
  readonly conformance?: readonly string[]
  /**
   * The side outputs that its readers emit to. A job that leaves one unread is refused: what is
   * emitted there would be lost.
   */
  readonly sideOutputs?: readonly OutputTag<unknown>[]
  readonly splitSerializer: Serializer<Split>
  readonly enumeratorStateSerializer: Serializer<EnumeratorState>
  /**
   * `restored`: the state of the checkpoint that the job restores; `undefined` on a first start.
   */
  createEnumerator(
    context: SplitEnumeratorContext<Split>,
    restored: EnumeratorState | undefined,
  ): SplitEnumerator<Split, EnumeratorState>
  createReader(context: SourceReaderContext): SourceReader<Out, Split>
  /** How `flinkts prove` reads it; absent: it cannot. */
  prover?(): Promise<SourceProver<Out>>
}
