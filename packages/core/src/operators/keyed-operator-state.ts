import { FlinktsError } from '../common/errors.ts'
import type { Storage } from '../common/storage.ts'
import { stateFilePath } from '../state/checkpoint-path.ts'
import type { HeapStateBackend } from '../state/heap-state-backend.ts'
import type { KeyedSnapshot } from '../state/keyed-snapshot.ts'
import type { KeyedStateHandle, OperatorSubtaskState } from '../state/operator-state.ts'
import type { CheckpointBarrier } from '../network/stream-element.ts'
import type { OperatorSnapshot } from './operator.ts'

/** @internal */
export interface KeyedOperatorStateParts {
  readonly operatorId: string
  readonly subtask: number
  readonly backend: HeapStateBackend
  readonly storage: Pick<Storage, 'location' | 'read' | 'write'>
  /** Files that hold entries of the subtask's key groups, and maybe others. */
  readonly restored: readonly KeyedStateHandle[]
}

/**
 * The keyed state of an operator in one subtask: restored from the files of a checkpoint, written
 * into those of the next ones.
 *
 * @internal
 */
export class KeyedOperatorState {
  readonly backend: HeapStateBackend
  readonly #parts: KeyedOperatorStateParts
  readonly #open = new Map<number, KeyedSnapshot>()

  constructor(parts: KeyedOperatorStateParts) {
    this.backend = parts.backend
    this.#parts = parts
  }

  /**
   * Fills the backend; once, with every state declared.
   *
   * @throws FlinktsError FLINKTS_CHECKPOINT_CORRUPT, FLINKTS_STATE_UNREADABLE,
   * FLINKTS_STATE_INCOMPATIBLE, FLINKTS_STATE_ORPHANED
   */
  async restore(): Promise<void> {
    const { restored, storage } = this.#parts
    for (const { path } of restored) {
      const bytes = await storage.read(path)
      if (bytes === undefined) throw this.#missing(path)
      this.backend.restore(bytes)
    }
  }

  /** Cuts at the call; the state resolves when its file is durable. */
  snapshot({ checkpointId }: CheckpointBarrier): OperatorSnapshot {
    return { state: this.#write(checkpointId), failure: 'decline-checkpoint' }
  }

  /** Gives up the snapshot of a checkpoint, if it is still open. */
  abortSnapshot(checkpointId: number): void {
    this.#open.get(checkpointId)?.release()
    this.#open.delete(checkpointId)
  }

  /** An empty state has no file. */
  async #write(checkpointId: number): Promise<OperatorSubtaskState> {
    const { operatorId, subtask, storage } = this.#parts
    const state = { operatorId, subtask, lists: [], committables: [] }
    if (this.backend.entryCount === 0) return { ...state, keyed: undefined }
    const snapshot = this.backend.snapshot()
    this.#open.set(checkpointId, snapshot)
    try {
      const path = stateFilePath(checkpointId, operatorId, subtask)
      const bytes = await storage.write(path, snapshot.chunks())
      return { ...state, keyed: { path, bytes, states: snapshot.states } }
    } finally {
      this.abortSnapshot(checkpointId)
    }
  }

  #missing(path: string): FlinktsError {
    const { operatorId, storage } = this.#parts
    return new FlinktsError(
      'FLINKTS_CHECKPOINT_CORRUPT',
      `state file "${path}" of operator "${operatorId}" is missing in ${storage.location}`,
      { hint: 'Restore the file from a backup, or start from an older checkpoint with --from.' },
    )
  }
}
