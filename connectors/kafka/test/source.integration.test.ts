import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { defineJob, outputTag, runJob } from '@flinkts/core'
import type { Source } from '@flinkts/core/connector'
import { collectSink, randomBelow, SeededPrng } from '@flinkts/core/testing'
import { type SharedKafka, sharedKafka, uniqueName } from '@flinkts/test-services'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { KafkaCluster } from '../src/cluster/kafka-cluster.ts'
import {
  jsonDeserializer,
  type KafkaDeadLetter,
  type KafkaRecord,
  kafkaSource,
  type KafkaSourceOptions,
  stringDeserializer,
} from '../src/index.ts'
import { openCluster } from './support/cluster-fixture.ts'
import { type RunCheckpoint, SourceRun } from './support/source-run.ts'
import { begin, makeTopic, write } from './support/topic-writer.ts'

type Text = KafkaRecord<Uint8Array | null, string | null>

function numbered(from: number, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => String(from + index))
}

function valuesIn(run: SourceRun<Text>): readonly (string | null)[] {
  return run.records.map(({ value }) => value)
}

describe.each(['3.9', '4'] as const)('a source of Kafka %s', (version) => {
  let kafka: SharedKafka

  beforeAll(async () => {
    kafka = await sharedKafka({ version })
  })

  const open = (): KafkaCluster & AsyncDisposable => openCluster({ brokers: kafka.bootstrap })

  const source = (
    options: Omit<Partial<KafkaSourceOptions<Uint8Array | null, string | null>>, 'connection'>,
  ): Source<Text> =>
    kafkaSource<Uint8Array | null, string | null>({
      connection: { brokers: kafka.bootstrap },
      value: stringDeserializer,
      ...options,
    })

  test('gives what it cannot read to a stream of its own', async () => {
    await using cluster = open()
    const checkpointDirectory = await mkdtemp(path.join(tmpdir(), 'flinkts-kafka-'))
    onTestFinished(() => rm(checkpointDirectory, { recursive: true, force: true }))
    const topic = await makeTopic(cluster)
    await write(cluster, { topic }, ['1', 'no JSON', '2'])
    const unreadable = outputTag<KafkaDeadLetter>('unreadable')
    const values = collectSink<unknown>()
    const letters = collectSink<string>()
    const job = defineJob('dead-letters', {}, (env) => {
      const numbers = env.source(
        'numbers',
        kafkaSource({
          connection: { brokers: kafka.bootstrap },
          topics: [topic],
          stop: 'latest',
          value: jsonDeserializer(),
          onDeserializeError: { deadLetters: unreadable },
        }),
      )
      numbers.map(({ value }) => value).sinkTo('values', values)
      numbers
        .sideOutput(unreadable)
        .map(
          ({ value, offset, part }) => `${part} ${offset}: ${Buffer.from(value ?? []).toString()}`,
        )
        .sinkTo('letters', letters)
    })

    const handle = await runJob(job, { checkpointDirectory })
    await handle.ended

    expect(values.values).toEqual([1, 2])
    expect(letters.values).toEqual(['value 1: no JSON'])
  })

  test('reads every record once, whatever position it is restarted from', async () => {
    await using cluster = open()
    const topic = await makeTopic(cluster, 3)
    for (const partition of [0, 1, 2]) {
      for (const batch of [0, 1, 2, 3]) {
        await write(cluster, { topic, partition }, numbered(partition * 1_000 + batch * 50, 50))
      }
    }
    const bounded = source({ topics: [topic], stop: 'latest' })
    const prng = new SeededPrng(1)
    const all: Text[] = []
    let checkpoint: RunCheckpoint | undefined
    let ended = false

    for (let attempt = 0; !ended; attempt++) {
      await using run = await SourceRun.start(bounded, checkpoint)
      const wanted = 1 + randomBelow(prng, 120)
      await run.until(() => run.records.length >= wanted || run.status === 'end-of-input', 7)
      ended = run.status === 'end-of-input'
      checkpoint = run.checkpoint()
      all.push(...run.records)
      expect(attempt).toBeLessThan(1_000)
    }

    for (const partition of [0, 1, 2]) {
      const its = all.filter((record) => record.partition === partition)
      expect(its.map(({ value }) => value)).toEqual(numbered(partition * 1_000, 200))
      expect(its.map(({ offset }) => offset)).toEqual(numbered(0, 200).map(Number))
    }
  })

  test('reads neither aborted nor open transactions, and ends before an open one', async () => {
    await using cluster = open()
    const topic = await makeTopic(cluster)
    await write(cluster, { topic }, ['a'])
    const aborted = await begin(cluster, topic, ['no', 'no'])
    await cluster.transactions.end(aborted, 'abort')
    const committed = await begin(cluster, topic, ['b'])
    await cluster.transactions.end(committed, 'commit')
    // The marker of the commit is the last of what is stable.
    await expect.poll(() => stableEnd(cluster, topic)).toBe(6)
    const left = await begin(cluster, topic, ['open'])

    await using run = await SourceRun.start(source({ topics: [topic], stop: 'latest' }))
    await run.toEnd()

    expect(valuesIn(run)).toEqual(['a', 'b'])
    expect(run.timestamps).toEqual([1_700_000_000_000, 1_700_000_000_000])
    await using dirty = await SourceRun.start(
      source({ topics: [topic], stop: 'latest', isolation: 'read-uncommitted' }),
    )
    await dirty.toEnd()
    expect(valuesIn(dirty)).toEqual(['a', 'no', 'no', 'b', 'open'])
    await cluster.transactions.end(left, 'abort')
  })

  test('keeps to the positions of its first start', async () => {
    await using cluster = open()
    const topic = await makeTopic(cluster)
    await write(cluster, { topic }, numbered(0, 5))
    const latest = source({ topics: [topic], start: 'latest' })
    const first = await SourceRun.start(latest)
    const checkpoint = first.checkpoint()
    await first.close()
    await write(cluster, { topic }, numbered(5, 5))

    await using run = await SourceRun.start(latest, checkpoint)
    await run.until(() => run.records.length >= 5)

    expect(valuesIn(run)).toEqual(numbered(5, 5))
  })

  test('finds new partitions of topics that match, and reads them from the start', async () => {
    await using cluster = open()
    const prefix = uniqueName('many')
    const first = await makeTopic(cluster, 1, {}, `${prefix}-1`)
    await write(cluster, { topic: first }, ['old'])
    const pattern = source({
      topicPattern: new RegExp(`${prefix}-\\d`),
      start: 'latest',
      discoveryIntervalMs: 50,
    })
    await using run = await SourceRun.start(pattern)

    const second = await makeTopic(cluster, 2, {}, `${prefix}-2`)
    await write(cluster, { topic: second, partition: 1 }, ['new'])
    await run.until(() => run.records.length >= 1)

    expect(valuesIn(run)).toEqual(['new'])
  })

  test('commits what completed checkpoints hold, and starts there', async () => {
    await using cluster = open()
    const topic = await makeTopic(cluster)
    const groupId = uniqueName('group')
    await write(cluster, { topic }, numbered(0, 10))
    const grouped = source({ topics: [topic], groupId, start: { type: 'committed' } })
    const committed = async (): Promise<number | undefined> => {
      const request = { partitions: [{ topic, partition: 0 }], requireStable: true }
      return (await cluster.groups.committed(groupId, request))[0]?.offset
    }
    const first = await SourceRun.start(grouped)
    await first.until(() => first.records.length >= 4, 4)
    first.checkpoint()
    expect(await committed()).toBe(-1)

    first.complete()

    await expect.poll(committed).toBe(4)
    await first.close()
    await using run = await SourceRun.start(grouped)
    await run.until(() => run.records.length >= 6)
    expect(valuesIn(run)).toEqual(numbered(4, 6))
  })

  test('fetches no more than its buffers hold while nobody takes the records', async () => {
    await using cluster = open()
    const topic = await makeTopic(cluster, 2)
    const large = 'x'.repeat(10_000)
    for (const partition of [0, 1]) {
      for (let batch = 0; batch < 20; batch++) await write(cluster, { topic, partition }, [large])
    }
    const fetch = { bufferBytesPerPartition: 20_000, partitionBytesMax: 12_000 }
    await using run = await SourceRun.start(source({ topics: [topic], stop: 'latest', fetch }))
    const buffered = (): number => run.gauges.get('bufferedBytes')?.() ?? 0

    run.pauseOrResume([`${topic}:0`], [])
    await run.until(() => run.records.length === 20)
    expect(run.records.every(({ partition }) => partition === 1)).toBe(true)
    expect(buffered()).toBeLessThan(34_000)
    run.pauseOrResume([], [`${topic}:0`])
    await run.until(() => {
      expect(buffered()).toBeLessThan(68_000)
      return run.status === 'end-of-input'
    }, 1)

    expect(run.records).toHaveLength(40)
  })

  test('fetches nothing of a partition that is paused, even if there is room', async () => {
    await using cluster = open()
    const topic = await makeTopic(cluster, 2)
    await using run = await SourceRun.start(source({ topics: [topic] }))
    run.pauseOrResume([`${topic}:0`], [])
    // A fetch from before the pause is answered by this; the next ones know of it.
    await write(cluster, { topic, partition: 1 }, ['a'])
    await run.until(() => run.records.length === 1)

    await write(cluster, { topic, partition: 0 }, ['paused'])
    await write(cluster, { topic, partition: 1 }, ['b'])
    await run.until(() => run.records.length === 2)

    expect(valuesIn(run)).toEqual(['a', 'b'])
    expect(run.gauges.get('bufferedBytes')?.()).toBe(0)
    run.pauseOrResume([], [`${topic}:0`])
    await run.until(() => run.records.length === 3)
    expect(valuesIn(run)).toEqual(['a', 'b', 'paused'])
  })

  test('reads a batch that is larger than what a fetch asks for', async () => {
    await using cluster = open()
    const topic = await makeTopic(cluster, 2)
    for (const partition of [0, 1]) {
      await write(cluster, { topic, partition }, ['a', 'x'.repeat(50_000)])
    }
    const fetch = { bytesMax: 1_000, partitionBytesMax: 100 }

    await using run = await SourceRun.start(source({ topics: [topic], stop: 'latest', fetch }))
    await run.toEnd()

    expect(run.records).toHaveLength(4)
  })

  test('fails where the next record is gone, unless told where to go on', async () => {
    await using cluster = open()
    const topic = await makeTopic(cluster)
    await write(cluster, { topic }, numbered(0, 3))
    const beyond = { type: 'offsets', offsets: [{ topic, partition: 0, offset: 9 }] } as const

    await using failing = await SourceRun.start(source({ topics: [topic], start: beyond }))
    await expect(failing.until(() => failing.records.length > 0)).rejects.toMatchObject({
      code: 'FLINKTS_KAFKA_OFFSET_OUT_OF_RANGE',
      message: expect.stringContaining('0 (inclusive) to 3 (exclusive)') as string,
    })
    await using resetting = await SourceRun.start(
      source({ topics: [topic], start: beyond, onOffsetOutOfRange: 'earliest' }),
    )
    await resetting.until(() => resetting.records.length >= 3)

    expect(valuesIn(resetting)).toEqual(numbered(0, 3))
    expect(resetting.counts.get('offsetResets')).toBe(1)
  })

  test('tells a topic that is missing from one that was made anew', async () => {
    await using cluster = open()
    const topic = uniqueName('topic')
    await expect(SourceRun.start(source({ topics: [topic] }))).rejects.toMatchObject({
      code: 'FLINKTS_KAFKA_TOPIC_MISSING',
    })
    await makeTopic(cluster, 1, {}, topic)
    const first = await SourceRun.start(source({ topics: [topic] }))
    const checkpoint = first.checkpoint()
    await first.close()

    await kafka.deleteTopic(topic)
    await makeTopic(cluster, 1, {}, topic)

    await expect(SourceRun.start(source({ topics: [topic] }), checkpoint)).rejects.toMatchObject({
      code: 'FLINKTS_KAFKA_TOPIC_CHANGED',
    })
  })
})

async function stableEnd(cluster: KafkaCluster, topic: string): Promise<number | undefined> {
  const queries = [{ topic, partition: 0, at: 'latest' as const }]
  return (await cluster.offsets.list(queries, 'read-committed'))[0]?.offset
}
