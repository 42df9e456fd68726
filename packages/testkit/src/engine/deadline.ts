import { violation } from './violation.ts'

/** A wait that has an end. @internal */
export interface Deadline {
  /** @throws FlinktsError FLINKTS_CONFORMANCE_VIOLATED when it has come. */
  check(what: () => string): void
}

/** @internal */
export function deadlineIn(ms: number): Deadline {
  const endMs = performance.now() + ms
  return {
    check(what) {
      if (performance.now() >= endMs) throw violation(`${what()} within ${ms} ms`)
    },
  }
}
