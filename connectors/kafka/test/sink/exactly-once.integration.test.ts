import { kafkaVersions, sharedKafka, uniqueName } from '@flinkts/test-services'
import { silentLogger } from '@flinkts/core/connector'
import { describe, expect, test } from 'vitest'
import { openCluster } from '../support/cluster-fixture.ts'
import {
  commitAnew,
  contextOf,
  jobId,
  rowSink,
  type RowSink,
  SinkRun,
} from '../support/sink-run.ts'
import { makeTopic } from '../support/topic-writer.ts'

describe.each(kafkaVersions)('the sink on Kafka %s', (version) => {
  async function place(prefix: string = uniqueName('job')) {
    const kafka = await sharedKafka({ version })
    await using cluster = openCluster({ brokers: kafka.bootstrap })
    const topic = await makeTopic(cluster, 1)
    const target = { brokers: kafka.bootstrap, topic, prefix }
    const values = async (openTransactions = false): Promise<readonly (string | undefined)[]> => {
      const records = await kafka.consumeCommitted(topic, { openTransactions })
      return records.map(({ value }) => value)
    }
    const openIds = async (): Promise<readonly string[]> => {
      const open = await kafka.openTransactions()
      return open
        .map(({ transactionalId }) => transactionalId)
        .filter((id) => id.startsWith(prefix))
    }
    return { kafka, target, values, openIds, sink: rowSink(target) }
  }

  test('shows each record once and in order, only when its checkpoint was committed', async () => {
    const { sink, values } = await place()
    await using run = await SinkRun.start(sink)
    const expected: string[] = []
    for (let checkpointId = 1; checkpointId <= 6; checkpointId += 1) {
      for (let index = 0; index < 50; index += 1) {
        const value = `${checkpointId}.${index}`
        expected.push(value)
        await run.write(['k', value])
      }
      const prepared = run.checkpoint(checkpointId)
      await run.write(['k', `${checkpointId}.after`])
      expected.push(`${checkpointId}.after`)
      expect(await run.commit(await prepared)).toEqual(['committed'])
      run.forget(checkpointId)
    }

    expect(await values(true)).toEqual(expected.slice(0, -1))
  })

  test('commits twice, and from a process that never wrote', async () => {
    const { sink, values } = await place()
    const prepared = await prepareOne(sink, 'a')

    expect([await commitAnew(sink, prepared), await commitAnew(sink, prepared)]).toEqual([
      ['committed'],
      ['already-committed'],
    ])
    expect(await values()).toEqual(['a'])
  })

  test('knows by its marker what was committed before the slot was used again', async () => {
    const { sink } = await place()
    const prepared = await prepareOne(sink, 'a')
    await commitAnew(sink, prepared)
    await using run = await SinkRun.start(sink)
    await run.write(['k', 'b'])
    await run.checkpoint(2)

    expect(await commitAnew(sink, prepared)).toEqual(['already-committed'])
  })

  test('leaves alone what another job with the prefix has prepared, and says so', async () => {
    const { sink, values, openIds, target } = await place()
    const prepared = await prepareOne(sink, 'a')
    const warnings: string[] = []
    const logger = { ...silentLogger, warn: (message: string) => void warnings.push(message) }
    await using second = await SinkRun.start(sink, { jobId: 'another1', logger })
    await second.write(['k', 'b'])
    const others = await second.checkpoint(1)

    expect(warnings).toEqual([expect.stringContaining('"abortLingering"')])
    expect(new Set(await openIds())).toEqual(
      new Set([`${target.prefix}-${jobId}-1-0-0`, `${target.prefix}-another1-1-0-0`]),
    )
    expect(await commitAnew(sink, prepared)).toEqual(['committed'])
    expect(await second.commit(others)).toEqual(['committed'])
    expect(await values()).toEqual(['a', 'b'])
  })

  test('ends what another job left if it is told to, and its commit fails loudly', async () => {
    const { sink, values, target } = await place()
    const prepared = await prepareOne(sink, 'a')
    const afresh = rowSink({ ...target, abortLingering: 'prefix' })
    await using second = await SinkRun.start(afresh, { jobId: 'another1' })
    expect(second.gauges.get('openTransactions')?.()).toBe(1)

    await expect(commitAnew(sink, prepared)).rejects.toMatchObject({
      code: 'FLINKTS_COMMIT_REJECTED',
    })
    expect(await values()).toEqual([])
  })

  test('tells which transactions a job that is stopped for good has left behind', async () => {
    const { sink, target } = await place()
    await prepareOne(sink, 'a')

    const found = await sink.leftBehind?.(contextOf())

    expect(found).toEqual([expect.objectContaining({ code: 'open-transaction' })])
    expect(found?.[0]?.message).toContain(`"${target.prefix}-${jobId}-1-0-0" is open since 20`)
  })

  test('refuses what belongs to another cluster', async () => {
    const { sink } = await place()
    const [bytes] = await prepareOne(sink, 'a')
    const text = Buffer.from(bytes ?? []).toString()
    const foreign = text.replace(/"clusterId":"[^"]+"/, '"clusterId":"elsewhere"')

    await expect(commitAnew(sink, [new Uint8Array(Buffer.from(foreign))])).rejects.toMatchObject({
      code: 'FLINKTS_KAFKA_CLUSTER_CHANGED',
    })
  })

  test('prepares nothing at checkpoints without records', async () => {
    const { sink, openIds } = await place()
    await using run = await SinkRun.start(sink)

    expect([await run.checkpoint(1), await run.checkpoint(2), await openIds()]).toEqual([
      [],
      [],
      [],
    ])
  })

  test('a close aborts what is not prepared, and leaves what is', async () => {
    const { sink, openIds, values, target } = await place()
    let prepared: readonly Uint8Array[] = []
    {
      await using run = await SinkRun.start(sink)
      await run.write(['k', 'a'])
      prepared = await run.checkpoint(1)
      await run.write(['k', 'lost'])
    }

    expect(await openIds()).toEqual([`${target.prefix}-${jobId}-1-0-0`])
    await commitAnew(sink, prepared)
    expect(await values()).toEqual(['a'])
  })

  test('ends what an earlier attempt left open, not what has a longer prefix', async () => {
    const { sink, openIds, target } = await place()
    const like = rowSink({ ...target, prefix: `${target.prefix}0` })
    await prepareOne(sink, 'mine')
    await prepareOne(like, 'not mine')

    await using _next = await SinkRun.start(sink, { attempt: 2 })

    await expect.poll(openIds, { timeout: 10_000 }).toEqual([`${target.prefix}0-${jobId}-1-0-0`])
  })

  test('an attempt that is over, or starts late, ends nothing of the next one', async () => {
    const { sink, values, openIds } = await place()
    await using over = await SinkRun.start(sink, { attempt: 1 })
    await over.write(['k', 'a'])
    await over.commit(await over.checkpoint(1))
    await using next = await SinkRun.start(sink, { attempt: 3 })
    await next.write(['k', 'b'])
    const prepared = await next.checkpoint(2)

    await over.write(['k', 'of an attempt that is over'])
    await expect(over.checkpoint(2)).rejects.toMatchObject({
      code: 'FLINKTS_KAFKA_PRODUCER_FENCED',
    })
    {
      await using _late = await SinkRun.start(sink, { attempt: 2 })
    }

    expect(await next.commit(prepared)).toEqual(['committed'])
    await using _last = await SinkRun.start(sink, { attempt: 4 })
    await expect.poll(openIds, { timeout: 10_000 }).toEqual([])
    expect(await values()).toEqual(['a', 'b'])
  })

  test('finds what a start would not survive', async () => {
    const { target } = await place()
    const sink = rowSink({ ...target, topic: 'missing', transactionTimeoutMs: 2_000_000_000 })
    const context = { operatorId: 'sink', jobName: 'shop', parallelism: 1 }

    const found = await sink.preflight?.({ ...context, signal: AbortSignal.timeout(10_000) })

    expect(found?.map(({ code, severity }) => [code, severity])).toEqual([
      ['topic-missing', 'error'],
      ['transaction-timeout', 'error'],
    ])
  })
})

/** What an attempt prepared before it ended. */
async function prepareOne(sink: RowSink, value: string): Promise<readonly Uint8Array[]> {
  await using run = await SinkRun.start(sink)
  await run.write(['k', value])
  return await run.checkpoint(1)
}
