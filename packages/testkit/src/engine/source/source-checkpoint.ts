import type { KitRecord } from '../../records/kit-record.ts'

/** A split or the state of an enumerator, as a checkpoint holds it. @internal */
export interface StoredState {
  readonly version: number
  readonly bytes: Uint8Array
}

/** A record that a source emitted. @internal */
export interface Emitted {
  /** The split of the source, not that of the kit. */
  readonly splitId: string
  readonly record: KitRecord
}

/** A completed checkpoint: with the upstream, the only thing that outlives an attempt. @internal */
export interface SourceCheckpoint {
  /** 0: before the first. */
  readonly checkpointId: number
  readonly enumerator: StoredState | undefined
  /** By subtask. */
  readonly splits: readonly (readonly StoredState[])[]
  /** Everything that was emitted before it. */
  readonly emitted: readonly Emitted[]
}

/** What a job starts with. @internal */
export const beforeTheFirst: SourceCheckpoint = {
  checkpointId: 0,
  enumerator: undefined,
  splits: [],
  emitted: [],
}

/**
 * Gives the splits to so many subtasks, as the engine does: in place if their number has not
 * changed, else in order and in equal shares.
 *
 * @internal
 */
export function spread(
  splits: SourceCheckpoint['splits'],
  parallelism: number,
): readonly (readonly StoredState[])[] {
  if (splits.length === parallelism) return splits
  const all = splits.flat()
  const base = Math.floor(all.length / parallelism)
  const longer = all.length % parallelism
  let from = 0
  return Array.from({ length: parallelism }, (_, subtask) => {
    const start = from
    from += base + (subtask < longer ? 1 : 0)
    return all.slice(start, from)
  })
}
