import type { SinkDriver } from '@flinkts/testkit'
import { heldBack, sinkDriver, type Target } from './sink-driver.ts'

export const driver: SinkDriver<Target> = sinkDriver(
  { mode: 'staged', capabilities: { ...heldBack, mechanism: 'checkpoint-in-target' } },
  import.meta.url,
)
