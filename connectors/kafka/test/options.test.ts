import { expect, test } from 'vitest'
import { type KafkaSourceOptions, resolveKafkaSourceOptions } from '../src/options.ts'

const connection = { brokers: 'localhost:9092' }

test('fills in the defaults, of which none lose records', () => {
  const resolved = resolveKafkaSourceOptions({ connection, topics: ['t', 't'] })

  expect(resolved).toMatchObject({
    subscription: { type: 'topics', topics: ['t'] },
    start: 'earliest',
    isolation: 'read-committed',
    onOffsetOutOfRange: 'fail',
    onDeserializeError: 'fail',
    discoveryIntervalMs: 300_000,
  })
})

test('matches a pattern with the whole name of a topic', () => {
  const { subscription } = resolveKafkaSourceOptions({ connection, topicPattern: /a|b/g })

  const pattern = subscription.type === 'pattern' ? subscription.pattern : undefined
  expect(['a', 'b', 'ab', 'a'].map((topic) => pattern?.test(topic))).toEqual([
    true,
    true,
    false,
    true,
  ])
})

test.each([
  ['no topics', {}, 'exactly one of "topics"'],
  ['topics in two ways', { topics: ['t'], topicPattern: /t/ }, 'exactly one of "topics"'],
  ['a misspelt option', { topics: ['t'], grupId: 'g' }, 'groupId'],
  ['a topic that cannot be', { topics: ['a b'] }, 'topics'],
  ['a group that is needed', { topics: ['t'], start: { type: 'committed' } }, 'groupId'],
  ['a buffer of nothing', { topics: ['t'], fetch: { bufferBytesTotal: 0 } }, 'bufferBytesTotal'],
])('refuses %s', (_what, given, named) => {
  const options = { connection, ...given } as KafkaSourceOptions

  expect(() => resolveKafkaSourceOptions(options)).toThrow(
    expect.objectContaining({
      code: 'FLINKTS_OPTION_INVALID',
      message: expect.stringContaining(named) as string,
    }),
  )
})
