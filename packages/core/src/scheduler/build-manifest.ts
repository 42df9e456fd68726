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
      const manifestKind = kindOf(operator)
      if (manifestKind === undefined) return []
      return [describe(operator.operatorId, manifestKind, vertex.parallelism, checkpoint)]
    }),
  )
  return {
    formatVersion: 1,
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

/** Operators without state are not in a manifest. */
function kindOf(operator: PlanOperator): OperatorManifest['kind'] | undefined {
  const { type } = operator
  return type === 'source' || type === 'sink' || type === 'process' ? type : undefined
}

function describe(
  operatorId: string,
  kind: OperatorManifest['kind'],
  parallelism: number,
  checkpoint: CheckpointParts,
): OperatorManifest {
  const subtasks = checkpoint.states
    .filter((state) => state.operatorId === operatorId)
    .toSorted((left, right) => left.subtask - right.subtask)
  const enumerator = checkpoint.enumerators.get(operatorId)
  return {
    operatorId,
    kind,
    parallelism,
    subtasks,
    ...(enumerator === undefined ? {} : { enumerator }),
  }
}
