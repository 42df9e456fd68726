import { unreachable } from '../common/assert.ts'
import { itemsOf, type OperatorStateList } from './operator-state.ts'

/**
 * Gives the lists of the old subtasks (in their order) to `parallelism` new ones, each by its
 * distribution. What lists that are split have over goes to other subtasks for each of them, so
 * that it does not pile up on the first (Flink: RoundRobinOperatorStateRepartitioner).
 *
 * @returns the lists of each new subtask.
 * @internal
 */
export function distributeLists(
  subtasks: readonly (readonly OperatorStateList[])[],
  parallelism: number,
): readonly (readonly OperatorStateList[])[] {
  const result: OperatorStateList[][] = Array.from({ length: parallelism }, () => [])
  let start = 0
  for (const { name, distribution } of kindsOf(subtasks)) {
    const old = subtasks.map((lists) => itemsOf(lists, name))
    const count = old.reduce((sum, items) => sum + items.length, 0)
    const placed = distribute(old, distribution, { parallelism, start })
    for (const [subtask, lists] of result.entries()) {
      lists.push({ name, distribution, items: placed[subtask] ?? [] })
    }
    if (distribution === 'split') start = (start + count) % parallelism
  }
  return result
}

interface Placement {
  readonly parallelism: number
  /** The subtask from which on longer lists are given. */
  readonly start: number
}

/** The lists that there are, in the order of their names: the same whoever was first. */
function kindsOf(
  subtasks: readonly (readonly OperatorStateList[])[],
): readonly Pick<OperatorStateList, 'name' | 'distribution'>[] {
  const byName = new Map(subtasks.flat().map((list) => [list.name, list]))
  return [...byName.values()].toSorted((left, right) => (left.name < right.name ? -1 : 1))
}

function distribute<T>(
  old: readonly (readonly T[])[],
  distribution: OperatorStateList['distribution'],
  placement: Placement,
): readonly (readonly T[])[] {
  const { parallelism } = placement
  switch (distribution) {
    case 'split':
      return old.length === parallelism ? old : split(old.flat(), placement)
    case 'union':
      return Array.from({ length: parallelism }, () => old.flat())
    case 'broadcast':
      return Array.from({ length: parallelism }, (_, subtask) => old[subtask % old.length] ?? [])
    default:
      return unreachable(distribution)
  }
}

/** In order; sizes differ by one at most. */
function split<T>(all: readonly T[], { parallelism, start }: Placement): readonly (readonly T[])[] {
  const base = Math.floor(all.length / parallelism)
  const longer = all.length % parallelism
  const result: T[][] = Array.from({ length: parallelism }, () => [])
  let from = 0
  for (let index = 0; index < parallelism; index += 1) {
    const size = base + (index < longer ? 1 : 0)
    result[(start + index) % parallelism] = all.slice(from, from + size)
    from += size
  }
  return result
}
