import { parseArgs } from 'node:util'
import { killsPerRound } from './drill.ts'

/** What is copied: one Postgres database to another, or one Kafka topic to another. */
export const pipelines = ['postgres', 'kafka'] as const
export type PipelineName = (typeof pipelines)[number]

/** The modes of the Postgres sink that promise exactly once. */
export const modes = ['twoPhase', 'staged'] as const
export type Mode = (typeof modes)[number]

export interface DrillOptions {
  readonly pipeline: PipelineName
  readonly kills: number
  /** Of the first round; the seed of each next one is greater by one. */
  readonly seed: number
  /** In the table when the job starts (postgres). */
  readonly rows: number
  /** Of the Postgres sink. */
  readonly mode: Mode
  /** How often the broker is killed in a round (kafka). */
  readonly brokerKills: number
  readonly help: boolean
}

export const help = `npm run drill [-- <pipeline> [options]]

Runs a pipeline while its source is being written to, kills the job with SIGKILL again and again,
at random moments, and compares what it copied with what was written.

Pipelines
  postgres (default)  a table to one in another database
  kafka               a topic to another; both are read by Kafka's own console consumer

  --kills <n>         how often the job is killed (default 100)
                      after ${killsPerRound} it starts anew
  --seed <n>          repeats the choices of an earlier run (default: a new one, printed)
  --rows <n>          postgres: rows in the table when the job starts (default 40000)
  --mode <m>          postgres: of the sink: ${modes.join(' or ')} (default twoPhase)
  --broker-kills <n>  kafka: how often the broker is killed, besides, in a round (default 2)
  --help

Exit status: 0 nothing lost, nothing repeated, nothing left; 1 otherwise; 2 wrong options.
`

/** @throws Error that says which option is wrong */
export function parseOptions(args: readonly string[]): DrillOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      kills: { type: 'string', default: '100' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      rows: { type: 'string', default: '40000' },
      mode: { type: 'string', default: 'twoPhase' },
      'broker-kills': { type: 'string', default: '2' },
      help: { type: 'boolean', default: false },
    },
  })
  const [pipeline = 'postgres', ...more] = positionals
  if (more.length > 0) throw new Error(`one pipeline is enough: "${more.join(' ')}" is too much`)
  return {
    pipeline: oneOf('the pipeline', pipeline, pipelines),
    kills: wholeNumber('kills', values.kills, { min: 1, max: 100_000 }),
    seed: wholeNumber('seed', values.seed, { min: 0, max: 2 ** 31 - 1 }),
    rows: wholeNumber('rows', values.rows, { min: 10, max: 1_000_000 }),
    mode: oneOf('--mode', values.mode, modes),
    brokerKills: wholeNumber('broker-kills', values['broker-kills'], { min: 0, max: 20 }),
    help: values.help,
  }
}

function oneOf<Name extends string>(what: string, text: string, names: readonly Name[]): Name {
  const name = names.find((known) => known === text)
  if (name !== undefined) return name
  throw new Error(`${what} is ${names.join(' or ')}, not "${text}"`)
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
