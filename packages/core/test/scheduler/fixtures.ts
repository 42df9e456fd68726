import type { CheckpointManifest, OperatorManifest } from '../../src/checkpoint/manifest.ts'
import type { ExecutionPlan, PlanOperator } from '../../src/graph/execution-plan.ts'
import type {
  CommittableItem,
  OperatorStateList,
  OperatorSubtaskState,
} from '../../src/state/operator-state.ts'

/** Bytes that say what they are. */
export function itemOf(text: string): { version: number; bytes: Uint8Array } {
  return { version: 1, bytes: new TextEncoder().encode(text) }
}

export function textOf({ bytes }: { readonly bytes: Uint8Array }): string {
  return new TextDecoder().decode(bytes)
}

export function subtaskOf(
  operatorId: string,
  subtask: number,
  state: Partial<OperatorSubtaskState> = {},
): OperatorSubtaskState {
  return {
    operatorId,
    subtask,
    lists: [],
    committables: [],
    keyed: undefined,
    ...state,
  }
}

/** A list that is split, with items that say what they are. */
export function listOf(name: string, ...texts: readonly string[]): OperatorStateList {
  return { name, distribution: 'split', items: texts.map(itemOf) }
}

export function committableOf(checkpointId: number, text: string): CommittableItem {
  return { checkpointId, ...itemOf(text) }
}

export function manifestOf(
  operators: readonly OperatorManifest[],
  changed: Partial<CheckpointManifest> = {},
): CheckpointManifest {
  return {
    formatVersion: 2,
    jobName: 'orders',
    jobId: 'lineage',
    checkpointId: 42,
    attempt: 1,
    kind: 'periodic',
    createdAtMs: 0,
    planFingerprint: 'f00d',
    maxParallelism: 8,
    operators,
    ...changed,
  }
}

/** A vertex for each operator. */
export function planOf(
  operators: readonly (Pick<PlanOperator, 'operatorId' | 'type'> & { parallelism: number })[],
): ExecutionPlan {
  return {
    jobName: 'orders',
    guarantee: 'exactly-once',
    maxParallelism: 8,
    vertices: operators.map(({ operatorId, type, parallelism }) => ({
      vertexId: operatorId,
      parallelism,
      operators: [{ operatorId, type, chainedTo: [] }],
    })),
    edges: [],
    fingerprint: 'f00d',
  }
}
