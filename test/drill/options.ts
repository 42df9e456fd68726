import { parseArgs } from 'node:util'
import { type Mode, modes } from './job-process.ts'
import { killsPerRound } from './round.ts'

export interface DrillOptions {
  readonly kills: number
  /** Of the first round; the seed of each next one is greater by one. */
  readonly seed: number
  readonly rows: number
  /** Of the sink. */
  readonly mode: Mode
  readonly help: boolean
}

export const help = `npm run drill [-- options]

Copies a table that is being written to from one Postgres database to another, kills the job
with SIGKILL again and again, at random moments, and compares the copy with what was written.

  --kills <n>   how often the job is killed (default 100); it starts anew after ${killsPerRound}
  --seed <n>    repeats the choices of an earlier run (default: a new one, printed)
  --rows <n>    rows in the table when the job starts (default 40000)
  --mode <m>    of the sink: ${modes.join(' or ')} (default twoPhase)
  --help

Exit status: 0 nothing lost, nothing repeated, nothing left; 1 otherwise; 2 wrong options.
`

/** @throws Error that says which option is wrong */
export function parseOptions(args: readonly string[]): DrillOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      kills: { type: 'string', default: '100' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      rows: { type: 'string', default: '40000' },
      mode: { type: 'string', default: 'twoPhase' },
      help: { type: 'boolean', default: false },
    },
  })
  return {
    kills: wholeNumber('kills', values.kills, { min: 1, max: 100_000 }),
    seed: wholeNumber('seed', values.seed, { min: 0, max: 2 ** 31 - 1 }),
    rows: wholeNumber('rows', values.rows, { min: 10, max: 1_000_000 }),
    mode: modeOf(values.mode),
    help: values.help,
  }
}

function modeOf(text: string): Mode {
  const mode = modes.find((known) => known === text)
  if (mode !== undefined) return mode
  throw new Error(`--mode takes ${modes.join(' or ')}, not "${text}"`)
}

function wholeNumber(
  name: string,
  text: string,
  { min, max }: { readonly min: number; readonly max: number },
): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= min && value <= max) return value
  throw new Error(`--${name} takes a whole number from ${min} to ${max}, not "${text}"`)
}
