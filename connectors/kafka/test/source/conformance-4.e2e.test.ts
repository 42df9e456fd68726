import { describeSource } from '@flinkts/testkit'
import { driver } from './driver-4.ts'

describeSource(driver, {
  report: new URL('../../conformance/source/', import.meta.url),
})
