import { describeSource } from '@flinkts/testkit'
import { driver } from './source-driver.ts'

describeSource(driver, {
  report: new URL('../../../../docs/connectors/postgres-source/', import.meta.url),
})
