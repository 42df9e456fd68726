import type { SinkCheck } from './check.ts'
import { commitChecks } from './commit-checks.ts'
import { contractChecks } from './contract-checks.ts'
import { crashChecks } from './crash-points.ts'
import { keyChecks } from './key-checks.ts'
import { killChecks } from './kill-checks.ts'
import { takeoverChecks } from './takeover-checks.ts'
import { visibilityChecks } from './visibility-checks.ts'

/** Everything that the kit knows of sinks. @internal */
export const sinkChecks: readonly SinkCheck[] = [
  ...contractChecks,
  ...keyChecks,
  ...visibilityChecks,
  ...commitChecks,
  ...takeoverChecks,
  ...crashChecks,
  ...killChecks,
]
