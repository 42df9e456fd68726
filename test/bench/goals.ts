/** What a figure must reach. */
export interface Goal {
  /** In kebab-case, unique among all benches: `cdc-cpu-per-million-rows`. */
  readonly name: string
  /** Undefined: it could not be measured, which is short of any target. */
  readonly figure: number | undefined
  readonly target: Target
  /** Behind figure and target: `s`, `x`, `%`; empty for a count. */
  readonly unit: string
}

/** `at-most` and `at-least` are inclusive. */
export type Target =
  | { readonly type: 'at-most'; readonly value: number }
  | { readonly type: 'at-least'; readonly value: number }

export function atMost(value: number): Target {
  return { type: 'at-most', value }
}

export function atLeast(value: number): Target {
  return { type: 'at-least', value }
}

export function isReached({ figure, target }: Goal): boolean {
  if (figure === undefined || Number.isNaN(figure)) return false
  return target.type === 'at-most' ? figure <= target.value : figure >= target.value
}

/** `goal: cdc-lost 0 (target <= 0) ok` */
export function goalLine(goal: Goal): string {
  const { name, figure, target, unit } = goal
  const sign = target.type === 'at-most' ? '<=' : '>='
  const shown = figure === undefined ? 'unknown' : withUnit(figure, unit)
  const verdict = isReached(goal) ? 'ok' : 'short'
  return `goal: ${name} ${shown} (target ${sign} ${withUnit(target.value, unit)}) ${verdict}`
}

/** Three significant digits, whole numbers in full; rounded so that a verdict never looks wrong. */
function withUnit(value: number, unit: string): string {
  const text = Number.isInteger(value) || Math.abs(value) >= 1000 ? value.toFixed(0) : short(value)
  return unit === '' ? text : `${text} ${unit}`
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)))
}
