/**
 * The parts of a bench that were asked for, in the order of the bench; all unless any were.
 *
 * @throws TypeError if one is unknown.
 */
export function partsOf<Name extends string>(
  partNames: readonly Name[],
  only: readonly string[] | undefined,
): readonly Name[] {
  const unknown = only?.find((name) => !partNames.some((part) => part === name))
  if (unknown !== undefined) {
    throw new TypeError(`unknown part "${unknown}"; there are ${partNames.join(', ')}`)
  }
  return partNames.filter((part) => only?.includes(part) ?? true)
}
