import type { Storage } from '../common/storage.ts'
import { listFilePath } from '../state/checkpoint-path.ts'
import { encodeListFile } from '../state/list-file.ts'
import type { OperatorStateList, OperatorSubtaskState } from '../state/operator-state.ts'

/** What lists of a subtask may hold inside the manifest. */
const manifestBytesMax = 64 * 1024

/**
 * Writes lists that are too large for the manifest into a file beside it. Resolves when it is
 * durable.
 *
 * @returns the state, with the file in place of the lists; unchanged if they are small.
 * @internal
 */
export async function storeLists(
  state: OperatorSubtaskState,
  checkpointId: number,
  storage: Storage,
): Promise<OperatorSubtaskState> {
  const { operatorId, subtask, lists } = state
  if (bytesOf(lists) <= manifestBytesMax) return state
  const path = listFilePath(checkpointId, operatorId, subtask)
  const bytes = await storage.write(path, [encodeListFile(lists)])
  return { ...state, lists: [], listFile: { path, bytes } }
}

function bytesOf(lists: readonly OperatorStateList[]): number {
  let sum = 0
  for (const { items } of lists) {
    for (const { bytes } of items) sum += bytes.length
  }
  return sum
}
