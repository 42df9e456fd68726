import { describeSink } from '@flinkts/testkit'
import { driver } from './drivers/upsert.ts'

describeSink(driver, {
  report: new URL('../../../../docs/connectors/postgres-sink-upsert/', import.meta.url),
})
