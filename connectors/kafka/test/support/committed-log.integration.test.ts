import { kafkaUsers, kafkaVersions, startKafka, uniqueName } from '@flinkts/test-services'
import { expect, test } from 'vitest'
import { readCommittedLog } from './committed-log.ts'
import { makeTopic, write, begin } from './topic-writer.ts'
import { openCluster } from './cluster-fixture.ts'

test.each(kafkaVersions)(
  'what the drivers of sinks read is what Kafka’s own consumer reads, on %s',
  async (version) => {
    await using kafka = await startKafka({ version, security: 'sasl' })
    await using cluster = openCluster({
      brokers: kafka.bootstrap,
      sasl: { mechanism: 'plain', ...kafkaUsers.guest },
    })
    const topic = await makeTopic(cluster, 2, {}, uniqueName('log'))
    const { transactions } = cluster
    const end = { timeoutMs: 10_000 }
    await write(cluster, { topic, partition: 1 }, ['plain'])
    const first = await begin(cluster, topic, ['first.1', 'first.2'])
    const aborted = await begin(cluster, topic, ['aborted'])
    await transactions.end(aborted, 'abort', end)
    const second = await begin(cluster, topic, ['second'])
    await transactions.end(second, 'commit', end)
    await transactions.end(first, 'commit', end)
    await begin(cluster, topic, ['open'])
    await write(cluster, { topic }, ['behind what is open'])

    const { records, unstable } = await readCommittedLog(kafka.broker(1).address, topic)
    const consumed = await kafka.consumeCommitted(topic, { openTransactions: true })

    const seen = records.map(({ partition, offset, value }) => [partition, offset, String(value)])
    const inOrder = consumed.toSorted((left, right) => left.partition - right.partition)
    expect(seen).toEqual(inOrder.map((each) => [each.partition, each.offset, each.value]))
    expect(seen.map(([, , value]) => value)).toEqual(['first.1', 'first.2', 'second', 'plain'])
    expect(unstable).toEqual([0])
  },
)
