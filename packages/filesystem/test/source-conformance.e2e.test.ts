import { describeSource } from '@flinkts/testkit'
import { driver as bounded } from './source-driver.ts'
import { driver as watching } from './watching-source-driver.ts'

const reports = new URL('../../../docs/connectors/', import.meta.url)

describeSource(bounded, { report: new URL('filesystem-source/', reports) })
describeSource(watching, { report: new URL('filesystem-source-watching/', reports) })
