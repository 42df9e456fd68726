import { sinkKit } from '../checks/sink/sink-checks.ts'
import type { SinkDriver } from '../driver/sink-driver.ts'
import { describeConnector, type DescribeOptions } from './describe-connector.ts'

/**
 * The tests of a sink, for Vitest: one for every check that applies to what its driver declares.
 * `FLINKTS_CONFORMANCE=full` runs more seeds, waits longer, and writes the report; `FLINKTS_SEED=n`
 * runs with that seed only, which replays a failure.
 *
 * @public
 */
export function describeSink(driver: SinkDriver, options: DescribeOptions = {}): void {
  describeConnector(driver, sinkKit, options)
}
