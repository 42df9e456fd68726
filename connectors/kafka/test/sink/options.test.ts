import { expect, test } from 'vitest'
import { resolveKafkaSinkOptions } from '../../src/sink/options.ts'

const given = {
  connection: { brokers: 'localhost:9092' },
  topic: 'orders',
  value: (record: string) => record,
  transactionalIdPrefix: 'shop.orders',
}

test('fills in the defaults', () => {
  const resolved = resolveKafkaSinkOptions(given)

  expect(resolved).toMatchObject({
    delivery: 'exactly-once',
    transactionTimeoutMs: 900_000,
    producer: { acks: -1, compression: { type: 'none' }, bufferBytesMax: 33_554_432 },
  })
})

test.each([
  ['no prefix', { transactionalIdPrefix: undefined }],
  ['a prefix with a space', { transactionalIdPrefix: 'a b' }],
  ['an unknown option', { topics: 'orders' }],
  ['no name of a topic', { topic: 'a/b' }],
  ['a batch larger than a request', { batchBytesMax: 2_000_000 }],
])('refuses %s', (_what, mistake) => {
  const options = { ...given, ...mistake }

  expect(() => resolveKafkaSinkOptions(options)).toThrow(
    expect.objectContaining({ code: 'FLINKTS_OPTION_INVALID' }),
  )
})
