import { describeSink } from '@flinkts/testkit'
import { driver } from './drivers/append.ts'

describeSink(driver, {
  report: new URL('../../conformance/sink-append/', import.meta.url),
})
