import { kafkaSourceDriver } from './source-driver.ts'

/** On Kafka 3.9. */
export const driver: ReturnType<typeof kafkaSourceDriver> = kafkaSourceDriver({
  name: 'kafka source, Kafka 3.9',
  module: import.meta.url,
  version: '3.9',
})
