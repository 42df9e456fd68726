import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { kafkaSink, kafkaSource } from '../../src/index.ts'

/** The names of the connectors that reports are about. */
function reported(urls: readonly string[] = []): readonly string[] {
  return urls.map((url) => {
    const report = JSON.parse(readFileSync(new URL(url), 'utf8')) as { readonly connector: string }
    return report.connector
  })
}

test('a source without an end has the reports on it, one with an end has none', () => {
  const options = { connection: { brokers: 'localhost:9092' }, topics: ['orders'] }

  const endless = kafkaSource(options)
  const bounded = kafkaSource({ ...options, stop: 'latest' })

  expect(reported(endless.conformance)).toEqual(['kafka source', 'kafka source, Kafka 3.9'])
  expect(reported(bounded.conformance)).toEqual([])
})

test('a sink has the reports on its delivery', () => {
  const options = {
    connection: { brokers: 'localhost:9092' },
    topic: 'orders',
    value: (text: string) => text,
  }

  const exactlyOnce = kafkaSink({ ...options, transactionalIdPrefix: 'shop' })
  const atLeastOnce = kafkaSink({ ...options, delivery: 'at-least-once' })

  expect(reported(exactlyOnce.conformance)).toEqual(['kafka sink', 'kafka sink, Kafka 3.9'])
  expect(reported(atLeastOnce.conformance)).toEqual(['kafka sink, at least once'])
})
