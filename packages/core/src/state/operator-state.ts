import type { StateKind } from './state-descriptor.ts'

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

/** @internal */
export const stateKinds: readonly StateKind[] = ['value', 'list', 'map', 'reducing', 'aggregating']
/**
 * How the lists of all old subtasks reach the new ones. `split`: every item goes to one of them.
 * `union`: every item goes to all. `broadcast`: the lists are copies of each other, and each gets
 * one.
 *
 * @internal
 */
export type ListDistribution = 'split' | 'union' | 'broadcast'

/** State that belongs to no key: a named list of a subtask. @internal */
export interface OperatorStateList {
  readonly name: string
  readonly distribution: ListDistribution
  readonly items: readonly StateItem[]
}

/** The name of a keyed state, and what it is. @internal */
export interface KeyedStateInfo {
  readonly name: string
  readonly kind: StateKind
}

/** A file of the checkpoint storage. @internal */
export interface StateFileHandle {
  /** Path below the root of the job's storage. */
  readonly path: string
  readonly bytes: number
}

/** Keyed state of one subtask. @internal */
export interface KeyedStateHandle extends StateFileHandle {
  readonly states: readonly KeyedStateInfo[]
}

/**
 * What one subtask of one operator stores in a checkpoint. Lists are distributed anew over the
 * subtasks when the parallelism changes; keyed state goes by key groups.
 *
 * @internal
 */
export interface OperatorSubtaskState {
  readonly operatorId: string
  readonly subtask: number
  /** At most one of a name; empty if they are in `listFile`. */
  readonly lists: readonly OperatorStateList[]
  /** The file with the lists, when they are too large for the manifest. */
  readonly listFile?: StateFileHandle
  /** What was prepared and is not yet known to be committed, in the order of checkpoints. */
  readonly committables: readonly CommittableItem[]
  readonly keyed: KeyedStateHandle | undefined
}

/** The list with the splits of a source reader. @internal */
export const splitsList = 'splits'

/** The list with the state of a sink writer. @internal */
export const writerList = 'writer'

/** The items of the list `name`; none if there is no such list. @internal */
export function itemsOf(
  lists: readonly OperatorStateList[] | undefined,
  name: string,
): readonly StateItem[] {
  return lists?.find((list) => list.name === name)?.items ?? []
}
