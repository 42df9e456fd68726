import { describeSource } from '@flinkts/testkit'
import { driver as bounded } from './source-driver.ts'
import { driver as watching } from './watching-source-driver.ts'

const reports = new URL('../conformance/', import.meta.url)

describeSource(bounded, { report: new URL('source/', reports) })
describeSource(watching, { report: new URL('source-watching/', reports) })
