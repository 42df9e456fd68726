import type { CheckpointParts } from '../checkpoint/checkpoint-coordinator.ts'
import type { CheckpointManifest, OperatorManifest } from '../checkpoint/manifest.ts'
import type { ExecutionPlan, PlanOperator } from '../graph/execution-plan.ts'

/** What of a manifest does not depend on the checkpoint. @internal */
export interface ManifestIdentity {
  readonly plan: ExecutionPlan
  readonly jobId: string
  readonly attempt: number
}

/** @internal */
export function buildManifest(
  { plan, jobId, attempt }: ManifestIdentity,
  checkpoint: CheckpointParts & { readonly checkpointId: number; readonly createdAtMs: number },
): CheckpointManifest {
  const { checkpointId, kind, createdAtMs } = checkpoint
  const operators = plan.vertices.flatMap((vertex) =>
    vertex.operators.flatMap((operator) => {
      const described = describe(operator, vertex.parallelism, checkpoint)
      // Operators without state take no part in snapshots.
      return takesPart(described) ? [described] : []
    }),
  )
  return {
    formatVersion: 2,
    jobName: plan.jobName,
    jobId,
    checkpointId,
    attempt,
    kind,
    createdAtMs,
    planFingerprint: plan.fingerprint,
    maxParallelism: plan.maxParallelism,
    operators,
  }
}

function takesPart({ kind, subtasks }: OperatorManifest): boolean {
  return kind === 'source' || kind === 'sink' || subtasks.length > 0
}

function describe(
  { operatorId, type }: PlanOperator,
  parallelism: number,
  checkpoint: CheckpointParts,
): OperatorManifest {
  const subtasks = checkpoint.states
    .filter((state) => state.operatorId === operatorId)
    .toSorted((left, right) => left.subtask - right.subtask)
  const enumerator = checkpoint.enumerators.get(operatorId)
  return {
    operatorId,
    kind: type,
    parallelism,
    subtasks,
    ...(enumerator === undefined ? {} : { enumerator }),
  }
}
