import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CommittedRecord } from '@flinkts/core/connector'
import type { Kill, ProcessPlan } from './process-plan.ts'
import type { ProvableSink } from './provers.ts'
import { type ProcessOutcome, runProcess } from './run-process.ts'

/** What every run of a proof has in common. @internal */
export interface ProofSettings {
  readonly file: string
  readonly parallelism: number | undefined
  readonly sinks: readonly ProvableSink[]
  /** Of each process. */
  readonly timeoutMs: number
  /** Whether scratch copies and checkpoints stay, of runs that are killed. */
  readonly keep: boolean
  /** Ends the process of a run, which then fails. */
  readonly signal: AbortSignal
}

/** What came of a run: how its processes ended, and what is in the scratch copies. @internal */
export interface ProofRun {
  /** Of one process for each kill, until one does not come to it, and one more. */
  readonly outcomes: readonly ProcessOutcome[]
  /** By operator id. */
  readonly committed: ReadonlyMap<string, readonly CommittedRecord[]>
  /** Names of what is neither visible nor gone, by operator id. */
  readonly inFlight: ReadonlyMap<string, readonly string[]>
  /** What is in none of the committed records, by operator id. */
  readonly leftOut: ReadonlyMap<string, readonly string[]>
  /** What was kept: scratch copies by operator id, and the directory of the checkpoints. */
  readonly copies: Readonly<Record<string, string>>
  readonly checkpointDirectory: string
}

/** Runs the job on scratch copies of its own, which are removed whatever happens. @internal */
export async function runOnCopies(
  settings: ProofSettings,
  run: Pick<ProcessPlan, 'recordsPerCheckpoint'> & { readonly kills: readonly Kill[] },
): Promise<ProofRun> {
  const { file, parallelism, sinks, keep } = settings
  const copies: Record<string, string> = {}
  const checkpointDirectory = await mkdtemp(join(tmpdir(), 'flinkts-prove-'))
  try {
    for (const { operatorId, prover } of sinks) copies[operatorId] = await prover.setup()
    const { recordsPerCheckpoint } = run
    const outcomes = await runProcesses(settings, run.kills, {
      ...{ file, checkpointDirectory, copies, recordsPerCheckpoint },
      ...(parallelism === undefined ? {} : { parallelism }),
    })
    const committed = new Map<string, readonly CommittedRecord[]>()
    const inFlight = new Map<string, readonly string[]>()
    const leftOut = new Map<string, readonly string[]>()
    for (const { operatorId, prover } of sinks) {
      const copy = copies[operatorId] ?? ''
      committed.set(operatorId, await prover.readCommitted(copy))
      inFlight.set(operatorId, await prover.listInFlight(copy))
      leftOut.set(operatorId, (await prover.leavesOut?.(copy)) ?? [])
    }
    return { outcomes, committed, inFlight, leftOut, copies, checkpointDirectory }
  } finally {
    if (!keep) await removeAll(sinks, copies, checkpointDirectory)
  }
}

/** One that cannot be removed does not keep the others. */
async function removeAll(
  sinks: readonly ProvableSink[],
  copies: Readonly<Record<string, string>>,
  checkpointDirectory: string,
): Promise<void> {
  const removals = sinks.map(async ({ operatorId, prover }) => {
    const copy = copies[operatorId]
    if (copy !== undefined) await prover.clean(copy)
  })
  removals.push(rm(checkpointDirectory, { recursive: true, force: true }))
  const failed = (await Promise.allSettled(removals)).find(({ status }) => status === 'rejected')
  if (failed?.status === 'rejected') throw failed.reason
}

async function runProcesses(
  { timeoutMs, signal }: ProofSettings,
  kills: readonly Kill[],
  plan: ProcessPlan,
): Promise<readonly ProcessOutcome[]> {
  const outcomes: ProcessOutcome[] = []
  for (const kill of kills) {
    signal.throwIfAborted()
    const outcome = await runProcess({ ...plan, kill }, { timeoutMs, signal })
    outcomes.push(outcome)
    if (outcome.type !== 'killed') return outcomes
  }
  outcomes.push(await runProcess(plan, { timeoutMs, signal }))
  return outcomes
}
