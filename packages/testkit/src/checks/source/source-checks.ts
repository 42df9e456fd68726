import { sourceClaims } from '../../capabilities/source-capabilities.ts'
import type { SourceDriver } from '../../driver/source-driver.ts'
import type { Kit } from '../check.ts'
import { ackChecks } from './ack-checks.ts'
import { changeChecks } from './change-checks.ts'
import { configurationChecks } from './configuration-checks.ts'
import { contractChecks } from './contract-checks.ts'
import { crashChecks } from './crash-points.ts'
import { evolutionChecks } from './evolution-checks.ts'
import { killChecks } from './kill-checks.ts'
import { memoryChecks } from './memory-checks.ts'
import { resumeChecks } from './resume-checks.ts'
import { splitChecks } from './split-checks.ts'

/** Everything that is known of sources. @internal */
export const sourceKit: Kit<SourceDriver> = {
  checks: [
    ...contractChecks,
    ...configurationChecks,
    ...resumeChecks,
    ...splitChecks,
    ...changeChecks,
    ...ackChecks,
    ...crashChecks,
    ...evolutionChecks,
    ...killChecks,
    ...memoryChecks,
  ],
  claimsOf: sourceClaims,
}
