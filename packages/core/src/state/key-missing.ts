import { FlinktsError } from '../common/errors.ts'

/** The error of whoever uses `what` when there is no key to which it would belong. @internal */
export function keyMissing(what: string): FlinktsError {
  return new FlinktsError('FLINKTS_KEY_MISSING', `${what} was used while no key is current`, {
    hint:
      'State and timers belong to a key: use them in the functions of a keyed stream, and only ' +
      'until these return; for a broadcast record use applyToKeyedState.',
  })
}
