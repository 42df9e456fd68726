import { describeSource } from '@flinkts/testkit'
import { driver } from './source-driver.ts'

describeSource(driver)
