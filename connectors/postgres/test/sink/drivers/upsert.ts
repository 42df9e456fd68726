import type { SinkDriver } from '@flinkts/testkit'
import { valueKinds } from '../../support/kit-values.ts'
import { sinkDriver, type Target } from './sink-driver.ts'

export const driver: SinkDriver<Target> = sinkDriver(
  {
    mode: 'upsert',
    capabilities: {
      guarantee: 'effectively-once',
      mechanism: 'idempotent-upsert',
      visibility: 'immediate',
      fencing: 'none',
      deletes: true,
      order: 'none',
      maxPreparedAgeMs: undefined,
      values: valueKinds,
    },
  },
  import.meta.url,
)
