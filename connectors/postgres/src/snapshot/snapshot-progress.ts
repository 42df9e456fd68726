import type { PlannedTable, SnapshotPhase } from '../state/enumerator-state.ts'
import { chunkCount } from '../state/enumerator-state.ts'
import type { ChunkFinished } from '../state/source-events.ts'
import { snapshotSplitId } from '../split.ts'

/** A chunk to hand out. @internal */
export interface NextChunk {
  readonly table: PlannedTable
  readonly index: number
  readonly lsn: string
}

/** A chunk that was read. */
interface Finished {
  readonly subtask: number
  readonly splitId: string
  /** The first checkpoint whose state has it; undefined: none yet; -1: a restored one. */
  checkpointId: number | undefined
  stored: boolean
}

/**
 * Which chunks were handed out, were read, and are known to be in a completed checkpoint. Pure
 * bookkeeping; runs on the coordinator's thread.
 *
 * @internal
 */
export class SnapshotProgress {
  #state: SnapshotPhase
  /** By split id. */
  readonly #finished = new Map<string, Finished>()
  #storedCount = 0
  /** The number of chunks that are read for the stream. */
  readonly total: number

  constructor(state: SnapshotPhase) {
    const read = state.mode !== 'stream-only'
    // Without a snapshot the tables count as handed out.
    const tables = read
      ? state.tables
      : state.tables.map((table) => ({ ...table, next: chunkCount(table) }))
    this.#state = { ...state, tables }
    this.total = read ? tables.reduce((sum, table) => sum + chunkCount(table), 0) : 0
    for (const { table, finished } of tables) {
      for (const { index } of finished) {
        const splitId = snapshotSplitId(table, index)
        this.#finished.set(splitId, { subtask: -1, splitId, checkpointId: -1, stored: true })
        this.#storedCount++
      }
    }
  }

  get state(): SnapshotPhase {
    return this.#state
  }

  /** The number of chunks that were read. */
  get done(): number {
    return this.#finished.size
  }

  /** Whether no chunk is left to hand out. */
  get allAssigned(): boolean {
    return this.#state.tables.every((table) => table.next >= chunkCount(table))
  }

  /** Whether every chunk was read, and a completed checkpoint knows of it. */
  get allStored(): boolean {
    return this.#storedCount === this.total
  }

  /** Takes the next chunk; undefined: none is left. */
  next(): NextChunk | undefined {
    const { tables, lsn } = this.#state
    const table = tables.find((candidate) => candidate.next < chunkCount(candidate))
    if (table === undefined) return undefined
    this.#replace({ ...table, next: table.next + 1 })
    return { table, index: table.next, lsn }
  }

  /** @returns `stored` if a completed checkpoint already has it. */
  finish(subtask: number, event: ChunkFinished): 'new' | 'stored' {
    const { splitId, index, ranges } = event
    const known = this.#finished.get(splitId)
    if (known?.stored === true) return 'stored'
    this.#finished.set(splitId, {
      subtask,
      splitId,
      checkpointId: known?.checkpointId,
      stored: false,
    })
    const table = this.#state.tables.find((candidate) => candidate.table === event.table)
    if (known === undefined && table !== undefined) {
      this.#replace({ ...table, finished: [...table.finished, { index, ranges }] })
    }
    return 'new'
  }

  snapshot(checkpointId: number): SnapshotPhase {
    for (const chunk of this.#finished.values()) chunk.checkpointId ??= checkpointId
    return this.#state
  }

  /** The checkpoint completed. @returns the chunks that it made safe. */
  stored(checkpointId: number): readonly { readonly subtask: number; readonly splitId: string }[] {
    const stored = [...this.#finished.values()].filter(
      (chunk) =>
        !chunk.stored && chunk.checkpointId !== undefined && chunk.checkpointId <= checkpointId,
    )
    for (const chunk of stored) chunk.stored = true
    this.#storedCount += stored.length
    return stored
  }

  #replace(table: PlannedTable): void {
    const tables = this.#state.tables.map((other) => (other.table === table.table ? table : other))
    this.#state = { ...this.#state, tables }
  }
}
