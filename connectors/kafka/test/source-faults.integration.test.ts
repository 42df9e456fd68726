import type { Source } from '@flinkts/core/connector'
import { eventually, type KafkaServer, startKafka, uniqueName } from '@flinkts/test-services'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type KafkaRecord,
  kafkaSource,
  type KafkaSourceOptions,
  stringDeserializer,
} from '../src/index.ts'
import { openCluster } from './support/cluster-fixture.ts'
import { SourceRun } from './support/source-run.ts'
import { makeTopic, write } from './support/topic-writer.ts'

type Text = KafkaRecord<Uint8Array | null, string | null>

function sourceOf(
  kafka: KafkaServer,
  options: Partial<KafkaSourceOptions<Uint8Array | null, string | null>>,
): Source<Text> {
  return kafkaSource<Uint8Array | null, string | null>({
    connection: { brokers: kafka.bootstrap },
    value: stringDeserializer,
    ...options,
  })
}

function valuesIn(run: SourceRun<Text>): readonly (string | null)[] {
  return run.records.map(({ value }) => value)
}

describe('a source of three brokers', () => {
  let kafka: KafkaServer

  beforeAll(async () => {
    kafka = await startKafka({ brokers: 3 })
  })

  afterAll(async () => {
    await kafka?.stop()
  })

  test('goes on at the next leader when the one that it reads from dies', async () => {
    await using cluster = openCluster({ brokers: kafka.bootstrap })
    const topic = uniqueName('moving')
    await kafka.createTopic(topic, { partitions: 3 })
    const partitions = [0, 1, 2]
    for (const partition of partitions) {
      await write(cluster, { topic, partition }, [`${partition}-0`, `${partition}-1`])
    }
    await using run = await SourceRun.start(sourceOf(kafka, { topics: [topic] }))
    await run.until(() => run.records.length === 6)
    const leader = cluster.metadata.leaderOf({ topic, partition: 0 })?.nodeId ?? 0

    await kafka.broker(leader).kill()
    await eventually('another leader', async () => {
      await cluster.metadata.refresh([topic])
      const now = partitions.map((partition) => cluster.metadata.leaderOf({ topic, partition }))
      expect(now.every((one) => one !== undefined && one.nodeId !== leader)).toBe(true)
    })
    for (const partition of partitions) {
      await write(cluster, { topic, partition }, [`${partition}-2`])
    }
    await run.until(() => run.records.length >= 9, 1_000, 40_000)
    await kafka.broker(leader).start()

    for (const partition of partitions) {
      const its = run.records.filter((record) => record.partition === partition)
      expect(its.map(({ value }) => value)).toEqual([0, 1, 2].map((seq) => `${partition}-${seq}`))
    }
  })
})

describe('a source of one broker', () => {
  let kafka: KafkaServer

  beforeAll(async () => {
    kafka = await startKafka({ version: '3.9', settings: { 'log.cleaner.backoff.ms': '100' } })
  })

  afterAll(async () => {
    await kafka?.stop()
  })

  test('goes on when the broker was killed and is back', async () => {
    await using cluster = openCluster({ brokers: kafka.bootstrap })
    const topic = await makeTopic(cluster)
    await write(cluster, { topic }, ['a', 'b'])
    await using run = await SourceRun.start(sourceOf(kafka, { topics: [topic] }))
    await run.until(() => run.records.length === 2)

    await kafka.kill()
    await kafka.start()
    await cluster.offsets.list([{ topic, partition: 0, at: 'latest' }], 'read-uncommitted')
    await cluster.metadata.refresh([topic])
    await write(cluster, { topic }, ['c'])
    await run.until(() => run.records.length >= 3, 1_000, 40_000)

    expect(valuesIn(run)).toEqual(['a', 'b', 'c'])
  })

  const forget = async (topic: string, offset: number): Promise<void> => {
    const json = JSON.stringify({ partitions: [{ topic, partition: 0, offset }], version: 1 })
    const { exitCode } = await kafka.tool(
      'kafka-delete-records',
      ['--offset-json-file', '/dev/stdin'],
      { input: json },
    )
    expect(exitCode).toBe(0)
  }

  const written = ['a', 'b', 'c', 'd', 'e']

  /** Two records were read, and a third one is deleted, before the source starts again. */
  const afterDeletion = async (
    topic: string,
    onOffsetOutOfRange: KafkaSourceOptions['onOffsetOutOfRange'],
  ): Promise<SourceRun<Text>> => {
    const source = sourceOf(kafka, { topics: [topic], onOffsetOutOfRange })
    const first = await SourceRun.start(source)
    await first.until(() => first.records.length === 2, 2)
    const checkpoint = first.checkpoint()
    await first.close()
    await forget(topic, 3)
    return SourceRun.start(source, checkpoint)
  }

  test.each([
    ['earliest', ['d', 'e', 'f']],
    ['latest', ['f']],
  ] as const)('goes on at the %s record when others were deleted unread', async (end, values) => {
    await using cluster = openCluster({ brokers: kafka.bootstrap })
    const topic = await makeTopic(cluster)
    await write(cluster, { topic }, written)

    await using run = await afterDeletion(topic, end)
    await run.until(() => run.counts.get('offsetResets') === 1)
    await write(cluster, { topic }, ['f'])
    await run.until(() => valuesIn(run).includes('f'))

    expect(valuesIn(run)).toEqual(values)
  })

  test('fails when records were deleted unread, unless told otherwise', async () => {
    await using cluster = openCluster({ brokers: kafka.bootstrap })
    const topic = await makeTopic(cluster)
    await write(cluster, { topic }, written)

    await using run = await afterDeletion(topic, undefined)

    await expect(run.until(() => run.records.length > 0)).rejects.toMatchObject({
      code: 'FLINKTS_KAFKA_OFFSET_OUT_OF_RANGE',
      message: expect.stringContaining('3 (inclusive) to 5 (exclusive)') as string,
    })
  })

  test('reads what compaction left, past the holes, to the end', async () => {
    await using cluster = openCluster({ brokers: kafka.bootstrap })
    const topic = uniqueName('compact')
    const config = {
      'cleanup.policy': 'compact',
      'segment.ms': '50',
      'min.cleanable.dirty.ratio': '0.01',
      'delete.retention.ms': '0',
    }
    await makeTopic(cluster, 1, config, topic)
    const produce = async (lines: readonly string[]): Promise<void> => {
      const { exitCode } = await kafka.tool(
        'kafka-console-producer',
        [
          '--topic',
          topic,
          '--property',
          'parse.key=true',
          '--property',
          'key.separator==',
          '--sync',
        ],
        { input: lines.map((line) => `${line}\n`).join('') },
      )
      expect(exitCode).toBe(0)
    }
    const versions = Array.from({ length: 20 }, (_, index) => `k=${index}`)
    await produce(versions)
    // The newest segment is never compacted: another record begins the next one.
    const compacted = async (): Promise<void> => {
      await produce(['last=x'])
      const at = { timestampMs: 0 }
      const [first] = await cluster.offsets.list([{ topic, partition: 0, at }], 'read-committed')
      expect(first?.offset).toBe(19)
    }
    await eventually('compaction', compacted, { timeoutMs: 50_000 })

    await using run = await SourceRun.start(sourceOf(kafka, { topics: [topic], stop: 'latest' }))
    await run.toEnd()

    expect(run.records[0]).toMatchObject({ offset: 19, value: '19' })
    expect(new Set(valuesIn(run).slice(1))).toEqual(new Set(['x']))
  })
})
