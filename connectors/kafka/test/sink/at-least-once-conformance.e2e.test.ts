import { describeSink } from '@flinkts/testkit'
import { driver } from './drivers/at-least-once.ts'

describeSink(driver, {
  report: new URL('../../conformance/sink-at-least-once/', import.meta.url),
})
