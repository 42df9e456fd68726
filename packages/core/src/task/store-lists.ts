import { listFilePath } from '../state/checkpoint-path.ts'
import { encodeListFile } from '../state/list-file.ts'
import type { OperatorStateList, OperatorSubtaskState } from '../state/operator-state.ts'
import type { StateFiles } from './timed-files.ts'

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
  files: StateFiles,
): Promise<OperatorSubtaskState> {
  const { operatorId, subtask, lists } = state
  if (bytesOf(lists) <= manifestBytesMax) return state
  const path = listFilePath(checkpointId, operatorId, subtask)
  const bytes = await files.write(path, chunksOf(lists))
  return { ...state, lists: [], listFile: { path, bytes } }
}

/** Made when it is asked for. */
function* chunksOf(lists: readonly OperatorStateList[]): Iterable<Uint8Array> {
  yield encodeListFile(lists)
}

function bytesOf(lists: readonly OperatorStateList[]): number {
  let sum = 0
  for (const { items } of lists) {
    for (const { bytes } of items) sum += bytes.length
  }
  return sum
}
