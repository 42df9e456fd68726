import { kafkaSinkDriver, type Target } from './sink-driver.ts'
import type { SinkDriver } from '@flinkts/testkit'

export const driver: SinkDriver<Target> = kafkaSinkDriver(
  { version: '3.9', delivery: 'exactly-once' },
  { name: 'kafka sink, Kafka 3.9', module: import.meta.url },
)
