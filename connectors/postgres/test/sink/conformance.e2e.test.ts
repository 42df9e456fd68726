import { describeSink } from '@flinkts/testkit'
import { driver } from './sink-driver.ts'

describeSink(driver, {
  report: new URL('../../../../docs/connectors/postgres-sink/', import.meta.url),
})
