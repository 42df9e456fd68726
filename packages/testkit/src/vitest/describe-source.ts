import { sourceKit } from '../checks/source/source-checks.ts'
import type { SourceDriver } from '../driver/source-driver.ts'
import { describeConnector, type DescribeOptions } from './describe-connector.ts'

/**
 * The tests of a source, for Vitest: one for every check that applies to what its driver declares.
 * `FLINKTS_CONFORMANCE=full` and `FLINKTS_SEED=n` as with `describeSink`.
 *
 * @public
 */
export function describeSource(driver: SourceDriver, options: DescribeOptions = {}): void {
  describeConnector(driver, sourceKit, options)
}
