import type { Sink } from '@flinkts/core/connector'
import type { SinkCapabilities } from '../capabilities/sink-capabilities.ts'
import type { KitRecord, VisibleRecord } from '../records/kit-record.ts'
import type { ConnectorDriver, JsonValue } from './connector-driver.ts'

/**
 * The author's page of glue between the kit and the system that a sink writes to. It lives in a
 * module of its own, which exports it as `driver`, and which child processes of the kit load too:
 * nothing may happen when it is loaded.
 *
 * @public
 */
export interface SinkDriver<Target extends JsonValue = JsonValue>
  extends ConnectorDriver<SinkCapabilities, Target> {
  /** The sink under test. Called often, for the same target too. */
  createSink(target: Target): Sink<KitRecord>
  /**
   * All that is visible, as any reader of the target would see it now, without the connector. If
   * order is declared, in the order of the target. Called while the sink works.
   */
  readCommitted(target: Target): Promise<readonly VisibleRecord[]>
  /** Names of what is written or prepared and neither visible nor gone, without the connector. */
  listInFlight(target: Target): Promise<readonly string[]>
  /**
   * Removes everything that is prepared, as a person or a clean-up job would. Needed to reach a
   * declared `maxPreparedAgeMs`.
   */
  removePrepared?(target: Target): Promise<void>
}
