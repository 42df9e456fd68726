import type { Storage } from '../common/storage.ts'
import type { HeapStateBackend } from '../state/heap-state-backend.ts'
import type { KeyedSnapshot } from '../state/keyed-snapshot.ts'
import { stateFilePath } from '../state/checkpoint-path.ts'
import type { OperatorSubtaskState } from '../state/operator-state.ts'

/** Which operator subtask a state belongs to. @internal */
export interface StateOwner {
  readonly operatorId: string
  readonly subtask: number
}

/** Writes the snapshots of one backend into the files of their checkpoints. @internal */
export class KeyedStateSnapshots {
  readonly #storage: Storage
  readonly #owner: StateOwner
  readonly #open = new Map<number, KeyedSnapshot>()

  constructor(storage: Storage, owner: StateOwner) {
    this.#storage = storage
    this.#owner = owner
  }

  /** Cuts at the call; resolves when the file is durable. An empty state has no file. */
  async take(checkpointId: number, backend: HeapStateBackend): Promise<OperatorSubtaskState> {
    const { operatorId, subtask } = this.#owner
    const state = {
      ...this.#owner,
      splits: [],
      writerStates: [],
      committables: [],
    }
    if (backend.entryCount === 0) return { ...state, keyed: undefined }
    const snapshot = backend.snapshot()
    this.#open.set(checkpointId, snapshot)
    try {
      const path = stateFilePath(checkpointId, operatorId, subtask)
      const bytes = await this.#storage.write(path, snapshot.chunks())
      return { ...state, keyed: { path, bytes, states: snapshot.states } }
    } finally {
      this.abort(checkpointId)
    }
  }

  /** Gives up the snapshot of a checkpoint, if it is still open. */
  abort(checkpointId: number): void {
    this.#open.get(checkpointId)?.release()
    this.#open.delete(checkpointId)
  }
}
