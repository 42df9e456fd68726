import { describeSink } from '@flinkts/testkit'
import { driver } from './drivers/exactly-once-4.ts'

describeSink(driver, {
  report: new URL('../../conformance/sink/', import.meta.url),
})
