import { describeSink } from '@flinkts/testkit'
import { driver } from './sink-driver.ts'

describeSink(driver, {
  report: new URL('../../../docs/connectors/filesystem-sink/', import.meta.url),
})
