import { describeSink } from '@flinkts/testkit'
import { driver } from './drivers/exactly-once-3-9.ts'

describeSink(driver, {
  report: new URL('../../conformance/sink-3-9/', import.meta.url),
})
