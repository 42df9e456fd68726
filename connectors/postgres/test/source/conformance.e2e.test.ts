import { describeSource } from '@flinkts/testkit'
import { driver } from './source-driver.ts'

describeSource(driver, {
  report: new URL('../../conformance/source/', import.meta.url),
})
