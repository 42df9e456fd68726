import type { SinkDriver } from '@flinkts/testkit'
import { kafkaSinkDriver, type Target } from './sink-driver.ts'

export const driver: SinkDriver<Target> = kafkaSinkDriver(
  { version: '4', delivery: 'at-least-once' },
  { name: 'kafka sink, at least once', module: import.meta.url },
)
