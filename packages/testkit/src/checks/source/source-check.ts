import type { SourceDriver } from '../../driver/source-driver.ts'
import type { Check, CheckContext } from '../check.ts'

/** A check of sources. @internal */
export type SourceCheck = Check<SourceDriver>

/** What a check of sources runs with. @internal */
export type SourceCheckContext = CheckContext<SourceDriver>
