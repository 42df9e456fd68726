import { FlinktsError } from '../common/errors.ts'
import type { Serializer } from '../common/serializer.ts'
import { itemsOf, type ListDistribution, type OperatorStateList } from '../state/operator-state.ts'

/** Declares a list of an operator. @internal */
export interface ListDeclaration<T> {
  readonly name: string
  readonly distribution: ListDistribution
  readonly serializer: Serializer<T>
}

/**
 * A list of an operator in one subtask: what was restored, and what goes into snapshots. @internal
 */
export class OperatorList<T> {
  readonly #declaration: ListDeclaration<T>
  readonly #restored: readonly OperatorStateList[]

  constructor(declaration: ListDeclaration<T>, restored: readonly OperatorStateList[]) {
    this.#declaration = declaration
    this.#restored = restored
  }

  /**
   * What the checkpoint holds for this subtask; empty if it starts without state.
   *
   * @throws FlinktsError FLINKTS_STATE_UNREADABLE
   */
  restored(): readonly T[] {
    const { name, serializer } = this.#declaration
    const items = itemsOf(this.#restored, name)
    return items.map(({ version, bytes }) => serializer.deserialize(version, bytes))
  }

  /** `values` in their serial form. */
  snapshot(values: Iterable<T>): OperatorStateList {
    const { name, distribution, serializer } = this.#declaration
    const { version } = serializer
    const items = Array.from(values, (value) => ({ version, bytes: serializer.serialize(value) }))
    return { name, distribution, items }
  }
}

/**
 * Refuses restored lists that nobody declared, rather than forgetting them.
 *
 * @throws FlinktsError FLINKTS_STATE_ORPHANED
 * @internal
 */
export function checkListsDeclared(
  operatorId: string,
  restored: readonly OperatorStateList[],
  declared: readonly string[],
): void {
  const orphan = restored.find(({ name, items }) => items.length > 0 && !declared.includes(name))
  if (orphan === undefined) return
  throw new FlinktsError(
    'FLINKTS_STATE_ORPHANED',
    `the checkpoint holds state "${orphan.name}" of operator "${operatorId}", which does not ` +
      'declare it',
    { hint: 'Declare the state under its old name, or start without the checkpoint.' },
  )
}
