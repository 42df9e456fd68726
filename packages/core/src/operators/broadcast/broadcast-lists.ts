import {
  type BroadcastDeclarations,
  type BroadcastStates,
  HeapBroadcastState,
  type ReadOnlyBroadcastStates,
} from '../../state/broadcast-state.ts'
import type { Key } from '../../state/key.ts'
import type { OperatorStateList } from '../../state/operator-state.ts'
import { valueSerializer } from '../../state/value-serializer.ts'
import type { OperatorContext } from '../operator-definition.ts'
import type { OperatorList } from '../operator-list.ts'

type Entry = readonly [key: Key, value: unknown]

/**
 * The broadcast states of an operator in one subtask. Every subtask stores its copy, entry by
 * entry; each new subtask starts with one of the copies.
 *
 * @internal
 */
export class BroadcastLists {
  readonly writable: BroadcastStates<BroadcastDeclarations>
  readonly readOnly: ReadOnlyBroadcastStates<BroadcastDeclarations>
  readonly #states: readonly {
    readonly state: HeapBroadcastState
    readonly list: OperatorList<Entry>
  }[]

  constructor(declarations: BroadcastDeclarations, context: OperatorContext) {
    const { operatorId } = context
    const named = Object.keys(declarations).map((name) => ({
      name,
      state: new HeapBroadcastState(operatorId),
      list: context.listState({
        name,
        distribution: 'broadcast',
        serializer: valueSerializer<Entry>(`state "${name}" of operator "${operatorId}"`),
      }),
    }))
    this.#states = named
    this.writable = Object.fromEntries(named.map(({ name, state }) => [name, state]))
    this.readOnly = Object.fromEntries(named.map(({ name, state }) => [name, state.readOnly]))
  }

  restore(): void {
    for (const { state, list } of this.#states) {
      for (const [key, value] of list.restored()) state.set(key, value)
    }
  }

  snapshot(): readonly OperatorStateList[] {
    return this.#states.map(({ state, list }) => list.snapshot(state.entries()))
  }
}
