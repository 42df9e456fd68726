import { describeSink } from '@flinkts/testkit'
import { driver } from './sink-driver.ts'

describeSink(driver, { report: new URL('../conformance/sink/', import.meta.url) })
