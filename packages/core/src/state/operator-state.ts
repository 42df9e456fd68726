/** A value of operator state in its serial form. @internal */
export interface StateItem {
  /** The version of the serializer that wrote `bytes`. */
  readonly version: number
  readonly bytes: Uint8Array
}

/** A committable in its serial form. @internal */
export interface CommittableItem extends StateItem {
  /** The checkpoint at whose barrier it was prepared; it may be carried by later ones. */
  readonly checkpointId: number
}

/** The name of a keyed state, and what it is. @internal */
export interface KeyedStateInfo {
  readonly name: string
  readonly kind: 'value' | 'list' | 'map'
}

/** Keyed state of one subtask, in a file of the checkpoint storage. @internal */
export interface KeyedStateHandle {
  /** Path below the root of the job's storage. */
  readonly path: string
  readonly bytes: number
  readonly states: readonly KeyedStateInfo[]
}

/**
 * What one subtask of one operator stores in a checkpoint. Lists are split anew over the subtasks
 * when the parallelism changes; keyed state goes by key groups.
 *
 * @internal
 */
export interface OperatorSubtaskState {
  readonly operatorId: string
  readonly subtask: number
  /** The splits of a source reader, with positions. */
  readonly splits: readonly StateItem[]
  /** The state of a sink writer. */
  readonly writerStates: readonly StateItem[]
  /** What was prepared and is not yet known to be committed, in the order of checkpoints. */
  readonly committables: readonly CommittableItem[]
  readonly keyed: KeyedStateHandle | undefined
}

/**
 * Spreads the items of all subtasks over `parallelism` subtasks: the order is kept, sizes differ
 * by one at most, earlier subtasks get the longer lists (as Flink's SPLIT_DISTRIBUTE). With an
 * unchanged parallelism every subtask keeps its own.
 *
 * @internal
 */
export function redistribute<T>(
  lists: readonly (readonly T[])[],
  parallelism: number,
): readonly (readonly T[])[] {
  if (lists.length === parallelism) return lists
  const all = lists.flat()
  const base = Math.floor(all.length / parallelism)
  const longer = all.length % parallelism
  const result: T[][] = []
  let from = 0
  for (let subtask = 0; subtask < parallelism; subtask += 1) {
    const size = base + (subtask < longer ? 1 : 0)
    result.push(all.slice(from, from + size))
    from += size
  }
  return result
}
