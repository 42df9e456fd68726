import type { SharedPostgres } from '@flinkts/test-services'
import type { DrillOptions } from './options.ts'
import { killsPerRound, type Moment, moments, type RoundResult, runRound } from './round.ts'
import type { Fault } from './verdict.ts'
import { type Phase, phases } from './witness.ts'

/** Everything that the rounds came to. */
export interface DrillSummary {
  readonly kills: number
  readonly byMoment: Readonly<Record<Moment, number>>
  readonly byPhase: Readonly<Record<Phase, number>>
  /** Kills that left transactions prepared, or rows staged. */
  readonly held: number
  readonly transactions: number
  readonly rows: number
  readonly changes: number
  /** Faults, and transactions that were left at the end. */
  readonly faults: Readonly<Record<Fault | 'left behind', number>>
}

/** Runs as many rounds as the kills need; `say` gets a line after each of them. */
export async function runDrill(
  server: SharedPostgres,
  { kills, seed, rows, mode }: Omit<DrillOptions, 'help'>,
  say: (line: string) => void,
): Promise<DrillSummary> {
  const rounds: RoundResult[] = []
  const roundCount = Math.ceil(kills / killsPerRound)
  for (let index = 0; index < roundCount; index += 1) {
    const left = kills - index * killsPerRound
    const options = { seed: seed + index, kills: Math.min(left, killsPerRound), rows, mode }
    const startedMs = performance.now()
    const which = `round ${index + 1} of ${roundCount}, seed ${options.seed}`
    const result = await runRound(server, options).catch((cause: unknown) => {
      throw new Error(`${which}: failed`, { cause })
    })
    rounds.push(result)
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(0)
    say(`${which}: ${described(result)}, ${seconds} s`)
    const { examples } = result.findings
    if (examples.length > 0) say([...examples, `look at ${result.folder}`].join('\n'))
  }
  return summaryOf(rounds)
}

/** Whether nothing was lost, repeated or left. */
export function isExact({ faults }: DrillSummary): boolean {
  return Object.values(faults).every((count) => count === 0)
}

function described(round: RoundResult): string {
  const { kills, byPhase, held, rows, changes, faults } = summaryOf([round])
  const hit = Object.entries(byPhase).filter(([, count]) => count > 0)
  const where = hit.map(([phase, count]) => `${count} ${phase}`)
  const wrong = Object.entries(faults).filter(([, count]) => count > 0)
  const verdict = wrong.map(([fault, count]) => `${count} ${fault}`).join(', ')
  return (
    `${kills} kills (${where.join(', ')}; ${held} before a commit), ` +
    `${rows} rows and ${changes} changes ${verdict === '' ? 'exact' : `WRONG: ${verdict}`}`
  )
}

function summaryOf(rounds: readonly RoundResult[]): DrillSummary {
  const kills = rounds.flatMap((round) => round.kills)
  const sum = (value: (round: RoundResult) => number): number =>
    rounds.reduce((total, round) => total + value(round), 0)
  return {
    kills: kills.length,
    byMoment: counted(moments, (moment) => kills.filter((kill) => kill.moment === moment).length),
    byPhase: counted(phases, (phase) => kills.filter((kill) => kill.phase === phase).length),
    held: kills.filter((kill) => kill.held).length,
    transactions: sum((round) => round.transactions),
    rows: sum(({ findings }) => findings.rows),
    changes: sum(({ findings }) => findings.changes),
    faults: {
      lost: sum(({ findings }) => findings.faults.lost),
      duplicated: sum(({ findings }) => findings.faults.duplicated),
      wrong: sum(({ findings }) => findings.faults.wrong),
      disordered: sum(({ findings }) => findings.faults.disordered),
      'left behind': sum(({ findings }) => findings.held),
    },
  }
}

function counted<Name extends string>(
  names: readonly Name[],
  count: (name: Name) => number,
): Readonly<Record<Name, number>> {
  return Object.fromEntries(names.map((name) => [name, count(name)])) as Record<Name, number>
}
