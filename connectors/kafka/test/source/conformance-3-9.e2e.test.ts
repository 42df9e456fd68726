import { describeSource } from '@flinkts/testkit'
import { driver } from './driver-3-9.ts'

describeSource(driver, {
  report: new URL('../../conformance/source-3-9/', import.meta.url),
})
