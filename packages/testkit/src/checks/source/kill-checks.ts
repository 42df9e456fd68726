import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { delay } from '@flinkts/core/connector'
import { type Prng, randomBelow, SeededPrng } from '@flinkts/core/testing'
import type { JsonValue } from '../../driver/connector-driver.ts'
import { scheduler } from '../../engine/kit-runtime.ts'
import { batchesAtFirst } from '../../engine/source/source-scenario.ts'
import { failOn } from '../../engine/violation.ts'
import { type Kill, type SourcePlan, visibleCountIn } from '../../processes/process-plan.ts'
import { runProcess } from '../../processes/run-process.ts'
import { OutputDirectory } from '../../processes/source/output-sink.ts'
import { defaultSize, type KitRecord, workload } from '../../records/kit-record.ts'
import { compareEmitted } from '../../records/source-oracle.ts'
import { needsReconnect, needsReplay, needsSnapshot } from './needs.ts'
import type { SourceCheck, SourceCheckContext } from './source-check.ts'

/** Where the processes of a run die, one after the other. */
interface KillSeries {
  readonly name: string
  readonly holds: string
  readonly needs: NonNullable<SourceCheck['needs']>
  readonly kills: (prng: Prng) => readonly Kill[]
}

const any = (prng: Prng, limit: number): number => 1 + randomBelow(prng, limit)

const series: readonly KillSeries[] = [
  {
    name: 'S1',
    holds: 'when a reader has started, and again when the next one has',
    needs: needsReplay,
    kills: (prng) => [
      { point: 'S1', nth: any(prng, 2) },
      { point: 'S1', nth: any(prng, 2) },
    ],
  },
  {
    name: 'S2',
    holds: 'in the middle of what was there at first, twice',
    needs: needsReplay,
    kills: (prng) => [
      { point: 'S2', nth: any(prng, 18) },
      { point: 'S2', nth: any(prng, 18) },
    ],
  },
  {
    name: 'S3',
    holds: 'where the snapshot ends and the stream begins',
    needs: needsSnapshot,
    kills: (prng) => [{ point: 'S3', nth: any(prng, 3) }],
  },
  {
    name: 'S4',
    holds: 'with records that are read and not emitted',
    needs: needsReplay,
    kills: (prng) => [{ point: 'S4', nth: any(prng, 2) }],
  },
  {
    name: 'S5',
    holds: 'when its state is taken, and the checkpoint is not durable',
    needs: needsReplay,
    kills: (prng) => [{ point: 'S5', nth: any(prng, 6) }],
  },
  {
    name: 'S6',
    holds: 'when the checkpoint is durable, before a reader hears of it',
    needs: needsReplay,
    kills: (prng) => [{ point: 'S6', nth: any(prng, 5) }],
  },
  {
    name: 'S7',
    holds: 'when a reader has acknowledged, before it hears of that',
    needs: needsReplay,
    kills: (prng) => [{ point: 'S7', nth: any(prng, 5) }],
  },
  {
    name: 'S8',
    holds: 'when a checkpoint has failed and the next one has completed',
    needs: needsReplay,
    kills: () => [{ point: 'S8', nth: 1 }],
  },
  {
    name: 'S9',
    holds: 'soon after its connections were lost',
    needs: needsReconnect,
    kills: (prng) => [{ point: 'S9', nth: 4 + any(prng, 12) }],
  },
]

/** Real jobs in processes that die by SIGKILL, and start again until they are done. @internal */
export const killChecks: readonly SourceCheck[] = [
  ...series.map(killCheck),
  {
    name: 'resources.noLeaks',
    level: 'L0',
    holds: 'when a job has finished, nothing of the source keeps its process alive',
    proves: [],
    once: true,
    run: (context) => runSeries(context, []),
  },
]

function killCheck({ name, holds, needs, kills }: KillSeries): SourceCheck {
  return {
    name: `crash@${name}.kill`,
    level: 'L2',
    holds: `a process is killed ${holds}: the next one makes it good`,
    proves: ['replayable'],
    needs,
    run: (context) => runSeries(context, kills(new SeededPrng(context.seed))),
  }
}

/** How long a process may take to start. */
const startMsMax = 5_000

/** One process for each kill, and one more, which must come to the end. */
async function runSeries(context: SourceCheckContext, kills: readonly Kill[]): Promise<void> {
  const { driver, seed, quietMs, patienceMs } = context
  const upstream = new Upstream(context, await driver.setup())
  const folder = await mkdtemp(join(tmpdir(), 'flinkts-testkit-'))
  try {
    await upstream.begin()
    const plan: SourcePlan = {
      module: driver.module,
      target: upstream.target,
      checkpointDirectory: join(folder, 'checkpoints'),
      outputDirectory: join(folder, 'output'),
      parallelism: 2,
      recordCount: workload(seed).batches.flat().length,
      streamFromSeq: batchesAtFirst * defaultSize.recordsPerBatch,
      quietMs,
    }
    const run = {
      main: 'source/source-main',
      onLine: (line: string) => upstream.onLine(line),
      runMsMax: startMsMax + patienceMs,
    }
    for (const kill of kills) await runProcess({ ...run, plan: { ...plan, kill } })
    const ended = await runProcess({ ...run, plan }).catch((thrown: unknown) => ({ thrown }))
    await upstream.end()
    await delay(scheduler, quietMs)
    const emitted = new OutputDirectory(plan.outputDirectory).visible()
    const problems = compareEmitted(upstream.written, emitted, driver.capabilities)
    failOn(problems, 'when the job has ended')
    if (ended !== undefined) throw ended.thrown
  } finally {
    await rm(folder, { recursive: true, force: true })
    await driver.clean(upstream.target)
  }
}

/** Writes the batches of a workload as the job goes on, from this process, which lives on. */
class Upstream {
  readonly target: JsonValue
  readonly #context: SourceCheckContext
  readonly #batches: readonly (readonly KitRecord[])[]
  #count = 0
  #writing: Promise<void> = Promise.resolve()

  constructor(context: SourceCheckContext, target: JsonValue) {
    this.target = target
    this.#context = context
    this.#batches = workload(context.seed).batches
  }

  get written(): readonly KitRecord[] {
    return this.#batches.slice(0, this.#count).flat()
  }

  async begin(): Promise<void> {
    const { boundedness } = this.#context.driver.capabilities
    const count = boundedness === 'bounded' ? this.#batches.length : batchesAtFirst
    for (let batch = 0; batch < count; batch += 1) await this.#writeNext()
  }

  /** When more than half of what is written is visible, there is more. */
  onLine(line: string): void {
    const visible = visibleCountIn(line) ?? 0
    if (visible <= this.written.length / 2) return
    this.#writing = this.#writing.then(() => this.#writeNext())
    // Whoever waits for the end hears of it.
    this.#writing.catch(() => undefined)
  }

  /** @throws what a write threw. */
  end(): Promise<void> {
    return this.#writing
  }

  async #writeNext(): Promise<void> {
    const batch = this.#batches[this.#count]
    if (batch === undefined) return
    this.#count += 1
    await this.#context.driver.writeExternal(this.target, batch)
  }
}
