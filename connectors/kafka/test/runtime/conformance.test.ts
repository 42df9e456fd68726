import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { kafkaSource } from '../../src/index.ts'

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
