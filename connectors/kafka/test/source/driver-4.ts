import { kafkaSourceDriver } from './source-driver.ts'

/** On Kafka 4. */
export const driver: ReturnType<typeof kafkaSourceDriver> = kafkaSourceDriver({
  name: 'kafka source',
  module: import.meta.url,
  version: '4',
})
