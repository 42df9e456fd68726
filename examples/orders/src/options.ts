/** What the command line says. */
import { parseArgs } from 'node:util'

export interface Options {
  readonly kills: number
  readonly seconds: number
  readonly rows: number
  /** Chooses the workload and the moments of the kills. */
  readonly seed: number
  /** Keeps everything, not only the output. */
  readonly keep: boolean
  /** Undefined: a new directory for temporary files. */
  readonly directory: string | undefined
  readonly help: boolean
}

export const help = `npm start [-- options]

Starts a Postgres of its own, keeps changing two tables in it, runs the job of src/job.ts, kills it
again and again with SIGKILL, and then compares what the job committed with the tables.

  --kills <n>        how often the job is killed (default 5)
  --seconds <n>      how long the tables keep changing (default 40)
  --rows <n>         rows in the tables when the job starts (default 50000)
  --seed <n>         repeats the choices of an earlier run (default: a new one, printed)
  --directory <dir>  where everything goes: new or empty (default: a temporary directory)
  --keep             keep the database, the checkpoints and the logs, not only the output
  --help

Exit status: 0 nothing lost, nothing repeated; 1 otherwise; 2 wrong options; 130 interrupted.
`

/** @throws Error that says which option is wrong */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      kills: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '40' },
      rows: { type: 'string', default: '50000' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      directory: { type: 'string' },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  return {
    kills: wholeNumber('kills', values.kills, { min: 0, max: 1000 }),
    seconds: wholeNumber('seconds', values.seconds, { min: 1, max: 86_400 }),
    rows: wholeNumber('rows', values.rows, { min: 10, max: 10_000_000 }),
    seed: wholeNumber('seed', values.seed, { min: 0, max: 2 ** 32 - 1 }),
    keep: values.keep,
    directory: values.directory,
    help: values.help,
  }
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
