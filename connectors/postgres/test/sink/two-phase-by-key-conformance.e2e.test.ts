import { describeSink } from '@flinkts/testkit'
import { driver } from './drivers/two-phase-by-key.ts'

describeSink(driver, {
  report: new URL('../../conformance/sink-two-phase-by-key/', import.meta.url),
})
