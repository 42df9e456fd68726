import { describeSink } from '@flinkts/testkit'
import { driver } from './drivers/staged.ts'

describeSink(driver, {
  report: new URL('../../../../docs/connectors/postgres-sink-staged/', import.meta.url),
})
