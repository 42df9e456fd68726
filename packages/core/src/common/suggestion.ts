const suggestionsMax = 3
const distanceMax = 3

/**
 * Those of `existing` that someone who wrote `name` may have meant: at most three, the nearest
 * first. Case counts for nothing.
 *
 * @public
 */
export function nearNames(name: string, existing: readonly string[]): readonly string[] {
  const distanceAllowed = Math.min(distanceMax, Math.ceil(name.length / 2))
  return existing
    .map((candidate) => ({
      candidate,
      distance: editDistance(name.toLowerCase(), candidate.toLowerCase()),
    }))
    .filter(({ distance }) => distance <= distanceAllowed)
    .toSorted((left, right) => left.distance - right.distance)
    .slice(0, suggestionsMax)
    .map(({ candidate }) => candidate)
}

/** A question for the names that may have been meant; `undefined`: none is near. @public */
export function suggestionOf(name: string, existing: readonly string[]): string | undefined {
  const near = nearNames(name, existing).map((candidate) => `"${candidate}"`)
  return near.length === 0 ? undefined : `Did you mean ${near.join(' or ')}?`
}

/** What to say of an option that none of the `existing` ones is called. @public */
export function unknownOption(name: string, existing: readonly string[]): string {
  const suggestion = suggestionOf(name, existing)
  return `There is no option "${name}".${suggestion === undefined ? '' : ` ${suggestion}`}`
}

/** Levenshtein's: characters to add, remove or replace. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[to.length] ?? 0
}
