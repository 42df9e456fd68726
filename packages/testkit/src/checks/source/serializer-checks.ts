import { FlinktsError, type Serializer } from '@flinkts/core/connector'
import type { SourceCheckpoint, StoredState } from '../../engine/source/source-checkpoint.ts'
import { SourceScenario } from '../../engine/source/source-scenario.ts'
import { violation } from '../../engine/violation.ts'
import type { SourceCheck } from './source-check.ts'

/** What a checkpoint of a source keeps. @internal */
export const serializerChecks: readonly SourceCheck[] = [
  {
    name: 'serializer.roundTrip',
    level: 'L0',
    holds: 'splits and the state of the enumerator that went through their bytes are the same',
    proves: [],
    async run(context) {
      await using scenario = await SourceScenario.open(context)
      for (const { serializer, state, what } of await statesOf(scenario)) {
        const again = serializer.serialize(serializer.deserialize(state.version, state.bytes))
        if (Buffer.compare(again, state.bytes) === 0) continue
        throw violation(`${what} changes when it goes through its bytes`)
      }
    },
  },
  {
    name: 'serializer.refusesUnknownVersion',
    level: 'L0',
    holds: 'bytes of a later release are refused with FLINKTS_STATE_UNREADABLE, and not guessed',
    proves: [],
    once: true,
    async run(context) {
      await using scenario = await SourceScenario.open(context)
      for (const { serializer, state, what } of await statesOf(scenario)) {
        const code = codeOf(() => serializer.deserialize(state.version + 1, state.bytes))
        if (code === 'FLINKTS_STATE_UNREADABLE') continue
        throw violation(`${what} of an unknown version gives ${code}`)
      }
    },
  },
]

interface Serialized {
  readonly serializer: Serializer<unknown>
  readonly state: StoredState
  readonly what: string
}

async function statesOf(scenario: SourceScenario): Promise<readonly Serialized[]> {
  const { splitSerializer, enumeratorStateSerializer } = scenario.job.source
  return (await checkpointsOf(scenario)).flatMap(({ enumerator, splits }) => [
    ...splits.flat().map((state) => ({ serializer: splitSerializer, state, what: 'a split' })),
    ...(enumerator === undefined
      ? []
      : [
          {
            serializer: enumeratorStateSerializer,
            state: enumerator,
            what: 'the enumerator state',
          },
        ]),
  ])
}

/** Those of a run: at the start, in the middle and at the end. @internal */
export async function checkpointsOf(
  scenario: SourceScenario,
): Promise<readonly SourceCheckpoint[]> {
  const { job } = scenario
  const attempt = await scenario.start()
  job.pin()
  await attempt.checkpoint()
  await scenario.emitSome(attempt, 3)
  await attempt.checkpoint()
  await scenario.readAll(attempt)
  await attempt.checkpoint()
  await scenario.writeNext()
  await scenario.readAll(attempt)
  await attempt.checkpoint()
  await scenario.close(attempt)
  return job.retained
}

function codeOf(action: () => unknown): string {
  try {
    action()
    return 'no error'
  } catch (thrown) {
    return thrown instanceof FlinktsError ? thrown.code : String(thrown)
  }
}
