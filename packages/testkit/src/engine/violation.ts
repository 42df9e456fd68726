import { FlinktsError } from '@flinkts/core/connector'

/** What a connector does and must not do; `what` goes on from its name. @internal */
export function violation(what: string, cause?: unknown): FlinktsError {
  return new FlinktsError('FLINKTS_CONFORMANCE_VIOLATED', what, { cause })
}

/** @throws FlinktsError FLINKTS_CONFORMANCE_VIOLATED with all that was found, if anything was. */
export function failOn(problems: readonly string[], when: string): void {
  if (problems.length > 0) throw violation(`${when}: ${problems.join('; ')}`)
}
