import { describeSink } from '@flinkts/testkit'
import { driver } from './drivers/upsert.ts'

describeSink(driver, {
  report: new URL('../../conformance/sink-upsert/', import.meta.url),
})
