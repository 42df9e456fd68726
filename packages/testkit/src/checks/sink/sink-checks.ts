import { sinkClaims } from '../../capabilities/sink-capabilities.ts'
import type { SinkDriver } from '../../driver/sink-driver.ts'
import type { Kit } from '../check.ts'
import { backpressureChecks } from './backpressure-checks.ts'
import { commitChecks } from './commit-checks.ts'
import { configurationChecks } from './configuration-checks.ts'
import { contractChecks } from './contract-checks.ts'
import { crashChecks } from './crash-points.ts'
import { keyChecks } from './key-checks.ts'
import { evolutionChecks } from './evolution-checks.ts'
import { killChecks } from './kill-checks.ts'
import { networkChecks } from './network-checks.ts'
import { replayChecks } from './replay-checks.ts'
import { takeoverChecks } from './takeover-checks.ts'
import { visibilityChecks } from './visibility-checks.ts'

/** Everything that is known of sinks. @internal */
export const sinkKit: Kit<SinkDriver> = {
  checks: [
    ...contractChecks,
    ...configurationChecks,
    ...keyChecks,
    ...visibilityChecks,
    ...backpressureChecks,
    ...commitChecks,
    ...takeoverChecks,
    ...replayChecks,
    ...crashChecks,
    ...networkChecks,
    ...evolutionChecks,
    ...killChecks,
  ],
  claimsOf: sinkClaims,
}
