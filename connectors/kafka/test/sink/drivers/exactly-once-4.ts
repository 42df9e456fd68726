import { kafkaSinkDriver, type Target } from './sink-driver.ts'
import type { SinkDriver } from '@flinkts/testkit'

export const driver: SinkDriver<Target> = kafkaSinkDriver(
  { version: '4', delivery: 'exactly-once' },
  { name: 'kafka sink', module: import.meta.url },
)
