import { FlinktsError } from '../common/errors.ts'
import type { Storage } from '../common/storage.ts'
import { decodeListFile } from '../state/list-file.ts'
import type { OperatorSubtaskState } from '../state/operator-state.ts'
import type { CheckpointManifest, OperatorManifest } from './manifest.ts'

/**
 * The manifest with all lists in it, also those that are in files.
 *
 * @throws FlinktsError FLINKTS_CHECKPOINT_CORRUPT, FLINKTS_STATE_UNREADABLE
 * @internal
 */
export async function loadLists(
  manifest: CheckpointManifest,
  storage: Storage,
): Promise<CheckpointManifest> {
  const operators: OperatorManifest[] = []
  for (const operator of manifest.operators) {
    const subtasks: OperatorSubtaskState[] = []
    for (const state of operator.subtasks) subtasks.push(await loadSubtask(state, storage))
    operators.push({ ...operator, subtasks })
  }
  return { ...manifest, operators }
}

async function loadSubtask(
  state: OperatorSubtaskState,
  storage: Storage,
): Promise<OperatorSubtaskState> {
  const { listFile, ...others } = state
  if (listFile === undefined) return state
  const bytes = await storage.read(listFile.path)
  if (bytes !== undefined) return { ...others, lists: decodeListFile(bytes) }
  throw new FlinktsError(
    'FLINKTS_CHECKPOINT_CORRUPT',
    `list file "${listFile.path}" of operator "${state.operatorId}" is missing in ` +
      storage.location,
    { hint: 'Restore the file from a backup, or start from an older checkpoint with --from.' },
  )
}
