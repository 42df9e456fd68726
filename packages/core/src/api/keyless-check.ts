import { FlinktsError } from '../common/errors.ts'
import { stateKinds } from '../state/operator-state.ts'
import type { StateDescriptor } from '../state/state-descriptor.ts'

/**
 * Refuses the function of a stream without keys that wants what only keys have. Types say so too,
 * but not everybody has types.
 *
 * @throws FlinktsError FLINKTS_JOB_INVALID
 * @internal
 */
export function checkKeyless(operatorId: string, process: object): void {
  const { state, onTimer } = process as { readonly state?: unknown; readonly onTimer?: unknown }
  if (declaresState(state)) throw withoutKeys(operatorId, 'declares keyed state')
  if (onTimer !== undefined) throw withoutKeys(operatorId, 'has a function for timers')
}

function withoutKeys(operatorId: string, what: string): FlinktsError {
  return new FlinktsError(
    'FLINKTS_JOB_INVALID',
    `operator "${operatorId}" ${what}, but what it reads has no keys`,
    { hint: 'Call keyBy before: state and timers belong to the keys of a stream.' },
  )
}

/** A function may have a property of that name for itself. */
function declaresState(state: unknown): boolean {
  if (typeof state !== 'object' || state === null) return false
  return Object.values(state).some((declared: Partial<StateDescriptor<unknown>> | undefined) =>
    stateKinds.some((kind) => kind === declared?.kind),
  )
}
