import type { SinkDriver } from '@flinkts/testkit'
import { heldBack, sinkDriver, type Target } from './sink-driver.ts'

export const driver: SinkDriver<Target> = sinkDriver(
  {
    mode: 'twoPhase',
    capabilities: { ...heldBack, mechanism: '2pc', deletes: true, order: 'none' },
  },
  import.meta.url,
)
