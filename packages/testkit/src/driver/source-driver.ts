import type { Source } from '@flinkts/core/connector'
import type { SourceCapabilities } from '../capabilities/source-capabilities.ts'
import type { KitRecord } from '../records/kit-record.ts'
import type { ConnectorDriver, JsonValue } from './connector-driver.ts'

/**
 * The author's page of glue between the kit and the system that a source reads. It lives in a
 * module of its own, which exports it as `driver`, and which child processes of the kit load too:
 * nothing may happen when it is loaded.
 *
 * @public
 */
export interface SourceDriver<Target extends JsonValue = JsonValue, Out = unknown>
  extends ConnectorDriver<SourceCapabilities, Target> {
  /** The source under test. Called often, for the same target too. */
  createSource(target: Target): Source<Out>
  /**
   * What the source emitted, as records of the kit, in order: one, as a rule; none, if it is
   * nothing that was written, such as a change of the schema; a deletion and a write, if it tells
   * of another key. Of a deletion only the id and the operation count, of a truncation only the
   * operation.
   */
  toRecords(emitted: Out): readonly KitRecord[]
  /**
   * Writes records as anybody does, without the connector; in one transaction, if there are any.
   * Resolves when they are there for good. Deletions come only if `emitsDeletes` is declared, and
   * truncations, which remove all that is there, only if `emitsTruncates` is.
   */
  writeExternal(target: Target, records: readonly KitRecord[]): Promise<void>
  /**
   * Changes the key of a record that is there, and nothing else of it, in one statement: `from` is
   * gone, and `to` is there.
   */
  rekeyExternal?(target: Target, from: KitRecord, to: KitRecord): Promise<void>
  /** Writes what the source is not to read. Needed to reach a declared `prunesOnAck`. */
  writeUnrelated?(target: Target): Promise<void>
  /**
   * Where the log of the system ends now, without the connector: a number that only grows. Needed
   * to reach a declared `prunesOnAck`, as is `acknowledged`.
   */
  endPosition?(target: Target): Promise<bigint>
  /** Up to where the system takes its log for acknowledged, on the same scale. */
  acknowledged?(target: Target): Promise<bigint>
  /**
   * Removes what was written so far, read or not, as a retention time or a person would, while no
   * reader is there. Needed to reach a declared `replayable`.
   */
  pruneUpstream?(target: Target): Promise<void>
}
