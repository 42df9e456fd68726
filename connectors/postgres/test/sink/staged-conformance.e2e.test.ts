import { describeSink } from '@flinkts/testkit'
import { driver } from './drivers/staged.ts'

describeSink(driver, {
  report: new URL('../../conformance/sink-staged/', import.meta.url),
})
