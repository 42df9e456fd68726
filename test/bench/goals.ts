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
  const known = figure !== undefined && !Number.isNaN(figure)
  const shown = known ? withUnit(readable(figure, target.value), unit) : 'unknown'
  const sign = target.type === 'at-most' ? '<=' : '>='
  const wanted = `target ${sign} ${withUnit(String(target.value), unit)}`
  return `goal: ${name} ${shown} (${wanted}) ${isReached(goal) ? 'ok' : 'short'}`
}

function withUnit(number: string, unit: string): string {
  return unit === '' ? number : `${number} ${unit}`
}

/** Three significant digits, unless they would make the figure look like its target. */
function readable(figure: number, target: number): string {
  if (Math.abs(figure) >= 1000) return figure.toFixed(0)
  const short = Number(figure.toPrecision(3))
  return String(short === target ? figure : short)
}
