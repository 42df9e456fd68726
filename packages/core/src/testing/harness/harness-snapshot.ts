import {
  type CheckpointManifest,
  decodeManifest,
  type OperatorManifest,
} from '../../checkpoint/manifest.ts'
import { FlinktsError } from '../../common/errors.ts'

/** A file of a snapshot. @public */
export interface HarnessFile {
  readonly path: string
  readonly bytes: Uint8Array
}

/**
 * A checkpoint of one subtask: the bytes that a job would write. Plain data, which can be kept, and
 * restored by a later harness of any parallelism.
 *
 * @public
 */
export interface HarnessSnapshot {
  /** Whose it is: 0 (inclusive) to `parallelism` (exclusive). */
  readonly subtask: number
  readonly parallelism: number
  readonly manifest: Uint8Array
  readonly files: readonly HarnessFile[]
}

/**
 * The checkpoint that the snapshots of several subtasks are together; `undefined`: there is none.
 *
 * @throws FlinktsError FLINKTS_TEST_INVALID if the new subtask may miss state
 * @internal
 */
export function combineSnapshots(
  snapshots: readonly HarnessSnapshot[],
  target: { readonly subtask: number; readonly parallelism: number },
): CheckpointManifest | undefined {
  checkComplete(snapshots, target)
  const manifests = snapshots.map(({ manifest }) => decodeManifest(manifest))
  const [first] = manifests
  if (first === undefined) return undefined
  const operators = new Map<string, OperatorManifest>()
  for (const operator of manifests.flatMap((manifest) => manifest.operators)) {
    const before = operators.get(operator.operatorId)?.subtasks ?? []
    const subtasks = [...before, ...operator.subtasks]
    operators.set(operator.operatorId, { ...operator, subtasks })
  }
  const checkpointId = Math.max(...manifests.map((manifest) => manifest.checkpointId))
  return { ...first, checkpointId, operators: [...operators.values()] }
}

/** Those of all subtasks, or its own if the parallelism is the same. */
function checkComplete(
  snapshots: readonly HarnessSnapshot[],
  target: { readonly subtask: number; readonly parallelism: number },
): void {
  const [first] = snapshots
  if (first === undefined) return
  const { parallelism } = first
  const given = snapshots.map(({ subtask }) => subtask)
  const distinct = new Set(given).size === given.length
  const same = snapshots.every((snapshot) => snapshot.parallelism === parallelism)
  const own = parallelism === target.parallelism && given.includes(target.subtask)
  if (distinct && same && (own || given.length === parallelism)) return
  const names = snapshots.map((snapshot) => `${snapshot.subtask} of ${snapshot.parallelism}`)
  throw new FlinktsError(
    'FLINKTS_TEST_INVALID',
    `subtask ${target.subtask} of ${target.parallelism} cannot restore the snapshots of subtasks ` +
      names.join(', '),
    { hint: 'Give one snapshot of every subtask, all of the same parallelism.' },
  )
}
