import type { DrillOptions } from './options.ts'

/** After so many kills the job starts anew, so that what comes once in its life is killed too. */
export const killsPerRound = 20

/** What a round is asked for. */
export interface RoundOptions {
  /** Chooses the moments of the kills and what is written. */
  readonly seed: number
  readonly kills: number
}

/** How often something was seen, by its name; the names are those of the printed summary. */
export type Counts = Readonly<Record<string, number>>

export interface RoundResult {
  readonly kills: number
  /** What else is worth knowing. */
  readonly counts: Counts
  /** What must be 0. */
  readonly faults: Counts
  /** Some of the faults, in words. */
  readonly examples: readonly string[]
  /** Holds checkpoints and log; stays if something is wrong. */
  readonly folder: string
}

/** Everything that the rounds came to. */
export type DrillSummary = Pick<RoundResult, 'kills' | 'counts' | 'faults'>

/** A pipeline between servers of the drill's own, which closes them at the end. */
export interface Pipeline extends AsyncDisposable {
  /** One life of a job, from its first start. */
  runRound(options: RoundOptions): Promise<RoundResult>
}

/** Runs as many rounds as the kills need; `say` gets a line after each of them. */
export async function runDrill(
  pipeline: Pipeline,
  { kills, seed }: Pick<DrillOptions, 'kills' | 'seed'>,
  say: (line: string) => void,
): Promise<DrillSummary> {
  const rounds: RoundResult[] = []
  const roundCount = Math.ceil(kills / killsPerRound)
  for (let index = 0; index < roundCount; index += 1) {
    const left = kills - index * killsPerRound
    const options = { seed: seed + index, kills: Math.min(left, killsPerRound) }
    const startedMs = performance.now()
    const which = `round ${index + 1} of ${roundCount}, seed ${options.seed}`
    const result = await pipeline.runRound(options).catch((cause: unknown) => {
      throw new Error(`${which}: failed`, { cause })
    })
    rounds.push(result)
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(0)
    say(`${which}: ${described(result)}, ${seconds} s`)
    const { examples } = result
    if (examples.length > 0) say([...examples, `look at ${result.folder}`].join('\n'))
  }
  return summaryOf(rounds)
}

/** Whether nothing was lost, repeated or left. */
export function isExact({ faults }: DrillSummary): boolean {
  return Object.values(faults).every((count) => count === 0)
}

/** A line for each number. */
export function describeSummary({ kills, counts, faults }: DrillSummary): string {
  const lines = [['kills', kills] as const, ...Object.entries(counts), ...Object.entries(faults)]
  return lines.map(([name, count]) => `${name.padEnd(44)} ${count}`).join('\n')
}

function described({ kills, counts, faults }: RoundResult): string {
  const seen = Object.entries(counts).filter(([, count]) => count > 0)
  const wrong = Object.entries(faults).filter(([, count]) => count > 0)
  const verdict = wrong.length === 0 ? 'exact' : `WRONG: ${listOf(wrong)}`
  return `${kills} kills; ${listOf(seen)}; ${verdict}`
}

function listOf(counts: readonly (readonly [string, number])[]): string {
  return counts.map(([name, count]) => `${name.trim()} ${count}`).join(', ')
}

function summaryOf(rounds: readonly RoundResult[]): DrillSummary {
  return {
    kills: rounds.reduce((total, round) => total + round.kills, 0),
    counts: sumOf(rounds.map(({ counts }) => counts)),
    faults: sumOf(rounds.map(({ faults }) => faults)),
  }
}

function sumOf(all: readonly Counts[]): Counts {
  const sums: Record<string, number> = {}
  for (const counts of all) {
    for (const [name, count] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + count
  }
  return sums
}
