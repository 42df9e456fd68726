import type { DeliveryGuarantee } from '../common/guarantee.ts'
import type { Serializer } from '../common/serializer.ts'
import type { Committer } from './committer.ts'
import type { ConnectorContext, SubtaskContext } from './context.ts'
import type { Finding, Preflight } from './preflight.ts'
import type { SinkProver } from './prover.ts'
import type { SinkWriter } from './sink-writer.ts'

/**
 * A sink: configuration and factories; it opens nothing by itself. With a committer it takes part
 * in two-phase commit: what writers prepare at a barrier is stored in the checkpoint, and committed
 * only when the checkpoint is complete.
 *
 * Restart: the engine first commits every committable of the restored checkpoint (one committer, on
 * the coordinator), and only then creates writers. So a writer that starts may remove whatever
 * older attempts left behind under its `jobId` and operator id.
 *
 * @public
 */
export interface Sink<
  In,
  Committable = unknown,
  Guarantee extends DeliveryGuarantee = DeliveryGuarantee,
  // `any`: a sink without writer state must fit wherever a sink is asked for.
  // oxlint-disable-next-line typescript/no-explicit-any
  WriterState = any,
> extends Preflight {
  /** For people, in `explain` and logs: `files in ./out`. No secrets. */
  readonly description: string
  readonly guarantee: Guarantee
  /** For people: what gives the guarantee: `rename after the checkpoint`. */
  readonly mechanism: string
  /**
   * The reports of the conformance kit that cover it as it is configured: URLs of files
   * `conformance.json` in the connector's package. `flinkts explain` shows them. None: no report.
   */
  readonly conformance?: readonly string[]
  /** `restored`: the writer states of the checkpoint, spread over the subtasks; empty at first. */
  createWriter(
    context: SubtaskContext,
    restored: readonly WriterState[],
  ): Promise<SinkWriter<In, Committable, WriterState>>
  /** Present if and only if writers have `prepareCommit`; then `committableSerializer` is too. */
  createCommitter?(context: ConnectorContext): Promise<Committer<Committable>>
  readonly committableSerializer?: Serializer<Committable>
  /**
   * What the job leaves in the external system that someone should know of, such as locks, and what
   * to do about it. Called when the job has failed for good and all of it is closed; what it finds
   * is logged. A later run of the lineage cleans up by itself.
   */
  leftBehind?(context: ConnectorContext): Promise<readonly Finding[]>
  /** How `flinkts prove` runs it; absent: it cannot. May be loaded when it is asked for. */
  prover?(): Promise<SinkProver<In>>
  /** Present if and only if writers have `snapshotState`. */
  readonly writerStateSerializer?: Serializer<WriterState>
}
