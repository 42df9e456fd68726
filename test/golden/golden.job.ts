/** The jobs of a run, for its threads: the query of this module's URL says which. */
import type { JobDefinition } from '@flinkts/core'
import { defineGoldenJobs, type GoldenRunPlan, planParameter } from './golden-run.ts'

const plan = new URL(import.meta.url).searchParams.get(planParameter)
if (plan === null) throw new Error(`the module was loaded without "${planParameter}"`)

const job: JobDefinition = defineGoldenJobs(JSON.parse(plan) as GoldenRunPlan).definition
export default job
