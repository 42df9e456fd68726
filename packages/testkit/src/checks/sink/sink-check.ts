import type { SinkDriver } from '../../driver/sink-driver.ts'
import type { Check, CheckContext } from '../check.ts'

/** A check of sinks. @internal */
export type SinkCheck = Check<SinkDriver>

/** What a check of sinks runs with. @internal */
export type SinkCheckContext = CheckContext<SinkDriver>
