import { defined, FlinktsError } from '@flinkts/core/connector'
import { SourceScenario } from '../../engine/source/source-scenario.ts'
import { type KitRecord, withKey } from '../../records/kit-record.ts'
import { type StateKind, StateFolder } from '../states.ts'
import { needsStream } from './needs.ts'
import { checkpointsOf } from './serializer-checks.ts'
import type { SourceCheck } from './source-check.ts'

/** What changes in the course of time: releases, and the schema of what is read. @internal */
export const evolutionChecks: readonly SourceCheck[] = [
  {
    name: 'state.readsEveryPreviousVersion',
    level: 'L4',
    holds: 'splits and states of the enumerator that earlier releases wrote are read',
    proves: [],
    once: true,
    needs: (_capabilities, driver) =>
      driver.states === undefined ? 'the driver has no states' : undefined,
    async run(context) {
      const { driver, writesStates } = context
      await using scenario = await SourceScenario.open(context)
      const folder = new StateFolder(defined(driver.states, 'the driver has states'))
      const { splitSerializer, enumeratorStateSerializer } = scenario.job.source
      const checkpoints = await checkpointsOf(scenario)
      const splits = checkpoints.flatMap((checkpoint) => checkpoint.splits.flat())
      const states = checkpoints.flatMap(({ enumerator }) => enumerator ?? [])
      const kinds: readonly StateKind[] = [
        { kind: 'split', serializer: splitSerializer, own: splits },
        { kind: 'enumerator', serializer: enumeratorStateSerializer, own: states },
      ]
      for (const kind of kinds) {
        if (writesStates) folder.write(kind)
        folder.expectReadable(kind)
      }
    },
  },
  {
    name: 'drift.neverSilent',
    level: 'L4',
    holds:
      'a column is added and one dropped while the job runs: records come, or it fails with a code',
    proves: [],
    once: true,
    needs: (capabilities, driver) =>
      driver.alterTarget === undefined
        ? 'the driver has no alterTarget'
        : needsStream(capabilities),
    async run(context) {
      const { driver } = context
      await using scenario = await SourceScenario.open(context)
      const { target } = scenario
      const first = await scenario.start()
      await scenario.readAll(first)
      await scenario.runDuring(first, driver.alterTarget?.(target, 'added'))
      await scenario.writeNext()
      await scenario.readAll(first)
      await first.checkpoint()
      await scenario.crash(first, 'throw')
      await driver.alterTarget?.(target, 'dropped')
      await scenario.write(withoutPayload(scenario))
      try {
        await scenario.finishAsWritten()
      } catch (thrown) {
        const coded = thrown instanceof FlinktsError
        if (!coded || thrown.code === 'FLINKTS_CONFORMANCE_VIOLATED') throw thrown
      }
    },
  },
]

/** Records that are not written yet, as they are where there is no payload. */
function withoutPayload({ written }: SourceScenario): readonly KitRecord[] {
  return written.slice(0, 6).map((record, seq) => withKey({ ...record, payload: '' }, 7, seq))
}
