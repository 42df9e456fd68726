import { FlinktsError } from '../common/errors.ts'
import type { CheckpointManifest, OperatorManifest } from '../checkpoint/manifest.ts'
import { checkpointDirectory } from '../state/checkpoint-path.ts'
import type { ExecutionPlan, PlanVertex } from '../graph/execution-plan.ts'
import { keyGroupRange } from '../state/key.ts'
import { distributeLists } from '../state/list-distribution.ts'
import type { KeyedStateHandle } from '../state/operator-state.ts'
import { type RestoredOperatorState, taskName } from '../task/task-protocol.ts'

/**
 * Spreads the state of a checkpoint (with its lists loaded) over the tasks of the plan, which may
 * have another parallelism: lists go by their distribution, keyed state by key groups (Flink:
 * StateAssignmentOperation).
 *
 * @returns what each task restores, by `taskName`.
 * @throws FlinktsError FLINKTS_STATE_ORPHANED, FLINKTS_STATE_INCOMPATIBLE
 * @internal
 */
export function planRestore(
  plan: ExecutionPlan,
  manifest: CheckpointManifest,
): ReadonlyMap<string, readonly RestoredOperatorState[]> {
  checkCompatible(plan, manifest)
  const restored = new Map<string, RestoredOperatorState[]>()
  for (const operator of manifest.operators) {
    const vertex = vertexOf(plan, operator.operatorId)
    if (vertex === undefined) continue
    for (const [subtask, state] of spread(operator, vertex, manifest.maxParallelism).entries()) {
      const name = taskName({ vertexId: vertex.vertexId, subtask })
      restored.set(name, [...(restored.get(name) ?? []), state])
    }
  }
  return restored
}

function spread(
  operator: OperatorManifest,
  { parallelism }: PlanVertex,
  maxParallelism: number,
): readonly RestoredOperatorState[] {
  const old = Array.from({ length: operator.parallelism }, (_, subtask) => {
    return operator.subtasks.find((state) => state.subtask === subtask)?.lists ?? []
  })
  const lists = distributeLists(old, parallelism)
  return Array.from({ length: parallelism }, (_, subtask) => ({
    operatorId: operator.operatorId,
    lists: lists[subtask] ?? [],
    keyed: overlapping(operator, { subtask, parallelism, maxParallelism }),
  }))
}

/** The files of the subtasks whose key groups overlap with those of the new subtask. */
function overlapping(
  operator: OperatorManifest,
  target: {
    readonly subtask: number
    readonly parallelism: number
    readonly maxParallelism: number
  },
): readonly KeyedStateHandle[] {
  const { subtask, parallelism, maxParallelism } = target
  const range = keyGroupRange(subtask, parallelism, maxParallelism)
  return operator.subtasks.flatMap((state) => {
    const old = keyGroupRange(state.subtask, operator.parallelism, maxParallelism)
    const disjoint = old.last < range.first || range.last < old.first
    return state.keyed === undefined || disjoint ? [] : [state.keyed]
  })
}

function checkCompatible(plan: ExecutionPlan, manifest: CheckpointManifest): void {
  const name = checkpointDirectory(manifest.checkpointId)
  if (manifest.maxParallelism !== plan.maxParallelism) {
    throw new FlinktsError(
      'FLINKTS_STATE_INCOMPATIBLE',
      `checkpoint ${name} was taken with maxParallelism ${manifest.maxParallelism}, the job has ` +
        `${plan.maxParallelism}`,
      {
        hint:
          `Set maxParallelism back to ${manifest.maxParallelism}: it is fixed for the life of ` +
          'the state.',
      },
    )
  }
  for (const operator of manifest.operators) checkOperator(plan, operator, name)
}

function checkOperator(plan: ExecutionPlan, operator: OperatorManifest, checkpoint: string): void {
  const { operatorId, kind } = operator
  const type = vertexOf(plan, operatorId)?.operators.find(
    (candidate) => candidate.operatorId === operatorId,
  )?.type
  if (type === undefined) {
    if (!hasState(operator)) return
    throw new FlinktsError(
      'FLINKTS_STATE_ORPHANED',
      `checkpoint ${checkpoint} holds state of operator "${operatorId}", which the job does ` +
        'not have',
      {
        hint:
          `Give the operator its id "${operatorId}" back, or start with --fresh, which begins ` +
          'anew without any state.',
      },
    )
  }
  if (type === kind) return
  throw new FlinktsError(
    'FLINKTS_STATE_INCOMPATIBLE',
    `operator "${operatorId}" is a ${type}, but checkpoint ${checkpoint} holds it as a ${kind}`,
    { hint: 'An operator id names its state for ever: give the new operator an id of its own.' },
  )
}

function hasState(operator: OperatorManifest): boolean {
  if (operator.enumerator !== undefined) return true
  return operator.subtasks.some(({ lists, committables, keyed }) => {
    const items = lists.some((list) => list.items.length > 0)
    return items || committables.length > 0 || keyed !== undefined
  })
}

function vertexOf(plan: ExecutionPlan, operatorId: string): PlanVertex | undefined {
  return plan.vertices.find(({ operators }) =>
    operators.some((operator) => operator.operatorId === operatorId),
  )
}
