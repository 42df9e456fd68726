import { FlinktsError } from '@flinkts/core'
import { defined } from '@flinkts/core/connector'
import { compareOutput, isSame } from './compare.ts'
import { differenceLines } from './prove-text.ts'
import type { ProcessCounts, ProcessFailure } from './process-plan.ts'
import { type ProofRun, type ProofSettings, runOnCopies } from './proof-run.ts'

/** What undisturbed runs give, and what happens in them. @internal */
export interface Reference {
  readonly run: ProofRun
  /** How often each moment comes at the pace of all later runs. */
  readonly moments: ProcessCounts['moments']
  /** That pace, by the operator ids of sources. */
  readonly recordsPerCheckpoint: Readonly<Record<string, number>>
}

/** Enough checkpoints for every moment, and few enough to be quick. */
const checkpointsPerReader = 8

/**
 * Runs the job undisturbed, as its sources give the records; then again with a checkpoint for every
 * few of them, which must commit the same.
 *
 * @param readers - How many there are of each source, by operator id.
 * @throws FlinktsError FLINKTS_PROVE_NO_REFERENCE
 * @internal
 */
export async function referenceOf(
  settings: ProofSettings,
  readers: ReadonlyMap<string, number>,
): Promise<Reference> {
  const first = await undisturbed(settings, {})
  if ([...first.run.committed.values()].every((records) => records.length === 0)) {
    throw noReference('an undisturbed run commits no record', 'Give the job an input with some.')
  }
  const recordsPerCheckpoint = Object.fromEntries(
    Object.entries(first.counts.records).map(([operatorId, count]) => {
      const share = count / (checkpointsPerReader * (readers.get(operatorId) ?? 1))
      return [operatorId, Math.max(1, Math.ceil(share))]
    }),
  )
  const second = await undisturbed(settings, recordsPerCheckpoint)
  assertSame(settings, first.run, second.run)
  return { run: first.run, moments: second.counts.moments, recordsPerCheckpoint }
}

/**
 * Runs the job undisturbed once more.
 *
 * @throws FlinktsError FLINKTS_PROVE_NO_REFERENCE if it does not commit what it did: its input has
 * changed, most likely.
 * @internal
 */
export async function assertStillTrue(
  settings: ProofSettings,
  { run, recordsPerCheckpoint }: Reference,
): Promise<void> {
  assertSame(settings, run, (await undisturbed(settings, recordsPerCheckpoint)).run)
}

async function undisturbed(
  settings: ProofSettings,
  recordsPerCheckpoint: Readonly<Record<string, number>>,
): Promise<{ readonly run: ProofRun; readonly counts: ProcessCounts }> {
  const run = await runOnCopies({ ...settings, keep: false }, { recordsPerCheckpoint, kills: [] })
  const outcome = defined(run.outcomes[0], 'there was one process')
  if (outcome.type === 'failed') throw failed(outcome.failure)
  if (outcome.type === 'finished') return { run, counts: outcome }
  throw failed({ code: 'FLINKTS_PROCESS_FAILED', message: 'it was killed' })
}

function assertSame({ sinks }: ProofSettings, first: ProofRun, second: ProofRun): void {
  const differing = sinks.flatMap(({ operatorId, guarantee }) => {
    const [expected = [], found = []] = [
      first.committed.get(operatorId),
      second.committed.get(operatorId),
    ]
    const difference = compareOutput(expected, found, guarantee)
    return isSame(difference)
      ? []
      : [`sink "${operatorId}": ${differenceLines(difference).join('; ')}`]
  })
  if (differing.length === 0) return
  throw noReference(
    `two undisturbed runs do not commit the same: ${differing.join('; ')}`,
    'Look for what differs from run to run: clocks, random numbers, processing time, the order ' +
      'in which inputs come together, an input that changes meanwhile. Prove the job without it.',
  )
}

function failed({ code, message }: ProcessFailure): FlinktsError {
  const cause = Object.assign(new Error(message), { name: 'FlinktsError', code })
  return noReference(
    'an undisturbed run failed',
    'Mend the job first; flinkts run shows more.',
    cause,
  )
}

function noReference(message: string, hint: string, cause?: Error): FlinktsError {
  return new FlinktsError('FLINKTS_PROVE_NO_REFERENCE', message, {
    hint,
    ...(cause === undefined ? {} : { cause }),
  })
}
