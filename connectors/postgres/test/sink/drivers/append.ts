import type { SinkDriver } from '@flinkts/testkit'
import { valueKinds } from '../../support/kit-values.ts'
import { sinkDriver, type Target } from './sink-driver.ts'

export const driver: SinkDriver<Target> = sinkDriver(
  {
    mode: 'append',
    capabilities: {
      guarantee: 'at-least-once',
      mechanism: 'append',
      visibility: 'immediate',
      fencing: 'none',
      deletes: false,
      order: 'per-split',
      maxPreparedAgeMs: undefined,
      values: valueKinds,
    },
  },
  import.meta.url,
)
