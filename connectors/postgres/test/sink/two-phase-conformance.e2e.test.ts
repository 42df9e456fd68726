import { describeSink } from '@flinkts/testkit'
import { driver } from './drivers/two-phase.ts'

describeSink(driver, {
  report: new URL('../../conformance/sink-two-phase/', import.meta.url),
})
