import { defined, FlinktsError } from '@flinkts/core/connector'
import type { StoredCommittable } from '../../engine/sink/stored-checkpoint.ts'
import { SinkScenario } from '../../engine/sink/sink-scenario.ts'
import { violation } from '../../engine/violation.ts'
import { workload } from '../../records/kit-record.ts'
import { StateFolder } from '../states.ts'
import { needsCommits } from './needs.ts'
import type { SinkCheck } from './sink-check.ts'

/** What is written is the same in every release. */
const stateSeed = 1
const stateJobId = 'kitjob1'
const attemptsMax = 3

/** What changes in the course of time: releases, and the schema of the target. @internal */
export const evolutionChecks: readonly SinkCheck[] = [
  {
    name: 'state.readsEveryPreviousVersion',
    level: 'L4',
    holds: 'committables that earlier releases wrote are read, and committed in a restart',
    proves: [],
    once: true,
    needs: (capabilities, driver) =>
      driver.states === undefined ? 'the driver has no states' : needsCommits(capabilities),
    async run(context) {
      const { driver, writesStates } = context
      const folder = new StateFolder(defined(driver.states, 'the driver has states'))
      const own = await commitInPlaceOfOwn(context, undefined)
      const { sink } = own.job.parts
      const serializer = defined(sink.committableSerializer, 'who commits has a serializer')
      const kind = { kind: 'committable', serializer, own: own.committables }
      if (writesStates) folder.write(kind)
      folder.expectReadable(kind)
      for (const bytes of folder.read('committable')) {
        const stored = own.committables.map((each, index) => ({ ...each, ...bytes[index] }))
        await commitInPlaceOfOwn(context, stored)
      }
    },
  },
  {
    name: 'drift.neverSilent',
    level: 'L4',
    holds: 'the target loses a column while the job runs: it fails with a code, or loses no value',
    proves: [],
    once: true,
    needs: (_capabilities, driver) =>
      driver.alterTarget === undefined ? 'the driver has no alterTarget' : undefined,
    async run(context) {
      const { driver } = context
      await using scenario = await SinkScenario.open(context)
      const { job, target } = scenario
      const first = await job.start()
      await first.checkpoint()
      await driver.alterTarget?.(target, 'dropped')
      let failure = await failureOf(() => first.runToEnd())
      await scenario.crash(first, 'throw')
      for (let attempts = 1; failure !== undefined && attempts < attemptsMax; attempts += 1) {
        failure = await failureOf(() => runOnce(job))
      }
      if (failure === undefined) {
        await scenario.expectVisible(
          job.storedRecords,
          'without a failure, after a column was dropped',
        )
      }
    },
  },
]

interface Committed {
  readonly job: SinkScenario['job']
  readonly committables: readonly StoredCommittable[]
}

/** The first checkpoint of a job, committed by a restart: from these bytes, if there are any. */
async function commitInPlaceOfOwn(
  context: Parameters<SinkCheck['run']>[0],
  given: readonly StoredCommittable[] | undefined,
): Promise<Committed> {
  await using scenario = await SinkScenario.openWith(context, workload(stateSeed), stateJobId)
  const { job } = scenario
  const attempt = await job.start()
  await attempt.writeBatch()
  attempt.complete(await attempt.cut())
  const { committables } = job.stored
  job.stored = { ...job.stored, committables: given ?? committables }
  await scenario.crash(attempt, 'throw')
  const next = await job.start()
  await scenario.expectVisible(job.storedRecords, 'restored from the bytes of a checkpoint')
  await scenario.runOut(next)
  return { job, committables }
}

async function runOnce(job: SinkScenario['job']): Promise<void> {
  const attempt = await job.start()
  try {
    await attempt.runToEnd()
  } finally {
    await attempt.close()
  }
}

/** `undefined`: none. Loud is a failure with a code. */
async function failureOf(action: () => Promise<unknown>): Promise<FlinktsError | undefined> {
  try {
    await action()
    return undefined
  } catch (thrown) {
    const coded = thrown instanceof FlinktsError && thrown.code !== 'FLINKTS_CONFORMANCE_VIOLATED'
    if (coded) return thrown
    throw violation('a target that lacks a column fails without a code', thrown)
  }
}
