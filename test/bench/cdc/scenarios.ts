import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { loadAverage } from '../machine.ts'
import { parseStat } from '../process-stat.ts'
import { rounded } from '../statistics.ts'
import { Capture, type CaptureParts } from './capture.ts'
import { walSenderProcess } from './database.ts'
import type { Login } from '../postgres-server.ts'
import type { ScenarioName, ScenarioResult, ScenarioSize } from './scenario.ts'
import { verifyOutput } from './verify-output.ts'

/** What a scenario measured, and what the verifier must know of it. */
interface Measured {
  readonly figures: Figures
  /** See `Truth.mergeableSeq`. */
  readonly mergeableSeq: number
}

type Figures = ScenarioResult['figures']

/** Between the snapshot and the changes, so that the one does not count for the other. */
const pauseMs = 3_000
/** Before a killed peer is started again. */
const downMs = 1_000
/** How much of the snapshot is visible when it is killed; of peers that show it as they go. */
const killAtShare = 0.4
/** When a peer that shows its snapshot at the end is killed. */
const killAfterMs = 2_000
const killCount = 3
/** Changes a second while peers are killed, so that the changes last. */
const pacedChanges = 8_000
const paceMs = 1_000

const scenarios: Readonly<
  Record<ScenarioName, (capture: Capture, parts: ScenarioParts) => Promise<Measured>>
> = {
  perf,
  backlog,
  kill_snap: killInSnapshot,
  kill_snap_down: killInSnapshotAndChange,
  kill_stream: killInStream,
  memory,
}

/** What a scenario runs with. */
export interface ScenarioParts extends CaptureParts {
  readonly size: ScenarioSize
}

/** Runs a scenario against a fresh database, and verifies what came out. */
export async function runScenario(
  name: ScenarioName,
  parts: ScenarioParts,
): Promise<ScenarioResult> {
  const { peer, login, size } = parts
  const loadBefore = loadAverage()
  await using capture = await Capture.prepare(parts, size.rows)
  const { figures, mergeableSeq } = await scenarios[name](capture, parts)
  const { endedBy } = capture
  const cpuSeconds = capture.cpuSeconds()
  await capture.stop()
  const output = { folder: capture.outputFolder, format: peer.format }
  const verdict = await verifyOutput(output, login, { rows: size.rows, mergeableSeq })
  return {
    peer: peer.name,
    scenario: name,
    rows: size.rows,
    changes: capture.workload.changes,
    figures: roundedFigures({ ...figures, cpuSeconds }),
    verdict,
    endedBy,
    load: [loadBefore, loadAverage()],
  }
}

async function perf(capture: Capture, { size }: ScenarioParts): Promise<Measured> {
  const snapshot = await measureSnapshot(capture, size.rows)
  await capture.waitForSlot()
  await delay(pauseMs)
  const before = { events: capture.events(), cpuSeconds: capture.cpuSeconds() }
  const startedMs = performance.now()
  await capture.workload.run(size.changes)
  const committedMs = performance.now()
  const { lastMs } = await capture.waitForEvents(before.events + size.changes)
  const cpuSeconds = capture.cpuSeconds() - before.cpuSeconds
  return {
    figures: {
      ...snapshot,
      workloadChangesPerSecond: perSecond(size.changes, committedMs - startedMs),
      capturedChangesPerSecond: perSecond(size.changes, lastMs - startedMs),
      lagAfterWorkloadSeconds: Math.max(0, lastMs - committedMs) / 1000,
      cpuSecondsPerMillionChanges: (cpuSeconds / size.changes) * 1e6,
      peakMib: capture.peakMib(),
    },
    mergeableSeq: 0,
  }
}

async function measureSnapshot(capture: Capture, rows: number): Promise<Figures> {
  await capture.start()
  const { firstMs, lastMs, reached } = await capture.waitForEvents(rows)
  if (!reached) return { snapshotReached: reached }
  const { startedMs } = capture
  return {
    firstRecordSeconds: ((firstMs ?? Number.NaN) - startedMs) / 1000,
    snapshotSeconds: (lastMs - startedMs) / 1000,
    snapshotRowsPerSecond: perSecond(rows, lastMs - startedMs),
    cpuSecondsPerMillionRows: (capture.cpuSeconds() / rows) * 1e6,
    snapshotPeakMib: capture.peakMib(),
  }
}

async function backlog(capture: Capture, { size, login }: ScenarioParts): Promise<Measured> {
  await capture.start()
  await capture.waitForEvents(size.rows)
  await capture.waitForSlot()
  await delay(pauseMs)
  await capture.stop()
  const before = { events: capture.events(), cpuSeconds: capture.cpuSeconds() }
  await capture.workload.run(size.changes)
  await capture.start()
  const target = before.events + size.changes
  const { firstMs, lastMs, reached } = await capture.waitForEvents(target)
  if (!reached) return { figures: { drained: reached }, mergeableSeq: 0 }
  const { startedMs } = capture
  const cpuSeconds = capture.cpuSeconds() - before.cpuSeconds
  return {
    figures: {
      ...(await serverFigures(login)),
      firstRecordSeconds: ((firstMs ?? Number.NaN) - startedMs) / 1000,
      drainSeconds: (lastMs - startedMs) / 1000,
      drainedChangesPerSecond: perSecond(size.changes, lastMs - startedMs),
      cpuSecondsPerMillionChanges: (cpuSeconds / size.changes) * 1e6,
      peakMib: capture.peakMib(),
    },
    mergeableSeq: 0,
  }
}

/** What the server spent on decoding: no peer drains faster than that. */
async function serverFigures(login: Login): Promise<Figures> {
  const pid = await walSenderProcess(login)
  if (pid === undefined) return {}
  const stat = parseStat(await readFile(`/proc/${pid}/stat`, 'utf8'))
  return { walSenderCpuSeconds: stat.cpuSeconds }
}

async function killInSnapshot(capture: Capture, parts: ScenarioParts): Promise<Measured> {
  const eventsAtKill = await startAndKill(capture, parts)
  await delay(downMs)
  await capture.start()
  const { firstMs } = await capture.waitUntilQuiet()
  const workingAgainSeconds = ((firstMs ?? Number.NaN) - capture.startedMs) / 1000
  await capture.workload.run(parts.size.changes)
  await capture.waitUntilQuiet()
  return { figures: { eventsAtKill, workingAgainSeconds }, mergeableSeq: 0 }
}

async function killInSnapshotAndChange(capture: Capture, parts: ScenarioParts): Promise<Measured> {
  const eventsAtKill = await startAndKill(capture, parts)
  await delay(downMs)
  await capture.workload.run(parts.size.changes)
  const mergeableSeq = capture.workload.changes
  await capture.start()
  const { firstMs } = await capture.waitUntilQuiet()
  const workingAgainSeconds = ((firstMs ?? Number.NaN) - capture.startedMs) / 1000
  await capture.workload.run(parts.size.changes)
  await capture.waitUntilQuiet()
  return { figures: { eventsAtKill, workingAgainSeconds }, mergeableSeq }
}

/** Gives back the events that were visible at the kill. */
async function startAndKill(capture: Capture, { peer, size }: ScenarioParts): Promise<number> {
  await capture.start()
  if (peer.streaming) await capture.waitForEvents(size.rows * killAtShare)
  else await delay(killAfterMs)
  await capture.kill()
  return capture.events()
}

/** Working again: from the start after a kill to the first event that was not visible before. */
async function killInStream(capture: Capture, { size }: ScenarioParts): Promise<Measured> {
  await capture.start()
  await capture.waitForEvents(size.rows)
  await capture.waitForSlot()
  await delay(pauseMs)
  const pace = new PacedWorkload(capture)
  const eventsAtKills: number[] = []
  const workingAgainSeconds: number[] = []
  for (let kill = 0; kill < killCount; kill += 1) {
    const share = (size.changes / (killCount + 1)) * (0.8 + 0.4 * fraction(kill))
    await capture.waitForEvents(capture.events() + Math.round(share))
    await capture.kill()
    eventsAtKills.push(capture.events())
    await delay(downMs)
    await capture.start()
    const { firstMs } = await capture.waitForEvents(capture.events() + 1)
    workingAgainSeconds.push(((firstMs ?? Number.NaN) - capture.startedMs) / 1000)
  }
  await pace.end()
  await capture.waitUntilQuiet()
  return {
    figures: {
      eventsAtKills,
      workingAgainSeconds,
      workingAgainSecondsMax: Math.max(...workingAgainSeconds),
    },
    mergeableSeq: 0,
  }
}

async function memory(capture: Capture, { size }: ScenarioParts): Promise<Measured> {
  const snapshot = await measureSnapshot(capture, size.rows)
  await capture.waitForSlot()
  await delay(pauseMs)
  await capture.workload.runOneTransaction(size.changes)
  const { reached } = await capture.waitForEvents(size.rows + size.changes)
  return { figures: { ...snapshot, reached, peakMib: capture.peakMib() }, mergeableSeq: 0 }
}

/** Changes without end, at a rate that every peer can follow. */
class PacedWorkload {
  readonly #capture: Capture
  readonly #running: Promise<void>
  #ending = false

  constructor(capture: Capture) {
    this.#capture = capture
    this.#running = this.#run()
    // Reported by `end`.
    this.#running.catch(() => undefined)
  }

  /** @throws what made a change fail. */
  async end(): Promise<void> {
    this.#ending = true
    await this.#running
  }

  async #run(): Promise<void> {
    while (!this.#ending) {
      const startedMs = performance.now()
      await this.#capture.workload.run(pacedChanges)
      await delay(Math.max(0, paceMs - (performance.now() - startedMs)))
    }
  }
}

/** Spread over [0, 1), the same in every run. */
function fraction(index: number): number {
  return ((index + 1) * 0.618_033_988_75) % 1
}

function perSecond(count: number, ms: number): number {
  return (count / ms) * 1000
}

function roundedFigures(figures: Figures): Figures {
  const entries = Object.entries(figures).map(
    ([name, value]) => [name, roundedFigure(value)] as const,
  )
  return Object.fromEntries(entries)
}

function roundedFigure(value: Figures[string]): Figures[string] {
  if (typeof value === 'boolean') return value
  return typeof value === 'number' ? rounded(value) : value.map((one) => rounded(one))
}
