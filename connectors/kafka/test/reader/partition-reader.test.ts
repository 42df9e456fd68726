import { outputTag, silentLogger } from '@flinkts/core/connector'
import { expect, test } from 'vitest'
import type { OnDeserializeError } from '../../src/options.ts'
import { PartitionReader, type PartitionStatus } from '../../src/reader/partition-reader.ts'
import { RecordFactory } from '../../src/reader/record-factory.ts'
import { spanOf } from '../../src/reader/batch-span.ts'
import type { KafkaSplit } from '../../src/split.ts'
import { stringDeserializer } from '../../src/values/deserializers.ts'
import type { Deserializer, KafkaDeadLetter, KafkaRecord } from '../../src/values/kafka-record.ts'
import { batchOf, changed, emptied, valuesOf } from '../records/batches.ts'

type Text = KafkaRecord<string | null, string | null>
const control = 0x30

const split: KafkaSplit = {
  splitId: 't:0',
  topic: 't',
  partition: 0,
  nextOffset: 0,
  leaderEpoch: -1,
}

interface Read {
  readonly status: PartitionStatus
  readonly values: readonly (string | null)[]
}

/** A reader, and a poll of it that takes so many records at most. */
function open(
  from: Partial<KafkaSplit> = {},
  options: {
    readonly value?: Deserializer<string | null>
    readonly onDeserializeError?: OnDeserializeError
  } = {},
) {
  const counts = { skipped: 0, deadLettered: 0 }
  const letters: unknown[] = []
  const factory = new RecordFactory<string | null, string | null>({
    key: stringDeserializer,
    value: options.value ?? stringDeserializer,
    onDeserializeError: options.onDeserializeError ?? 'fail',
    logger: silentLogger,
    skipped: {
      add: () => {
        counts.skipped += 1
      },
    },
    deadLettered: {
      add: () => {
        counts.deadLettered += 1
      },
    },
  })
  const reader = new PartitionReader<string | null, string | null>(
    { ...split, ...from },
    { checksums: true, factory, onRoom: () => undefined },
  )
  const records: Text[] = []
  const poll = (recordsMax = 1_000): Read => {
    const first = records.length
    const status = reader.poll({
      collect: (record) => {
        records.push(record)
        return records.length - first < recordsMax
      },
      collectSide: (tag, letter, timestamp) => {
        letters.push({ tag: tag.id, at: timestamp, ...(letter as KafkaDeadLetter) })
        return letters.length < recordsMax
      },
      emitWatermark: () => undefined,
      markIdle: () => undefined,
    })
    return { status, values: records.slice(first).map(({ value }) => value) }
  }
  return { reader, records, letters, counts, poll }
}

function fetched(fetchOffset: number, ...batches: readonly Buffer[]) {
  return { fetchOffset, records: Buffer.concat(batches), abortedTransactions: [] }
}

const transaction = { producerId: 7, producerEpoch: 0, baseSequence: 0, transactional: true }

test('goes on at the record where it was left, in the middle of a batch', () => {
  const batch = batchOf(valuesOf('a', 'b', 'c'), { baseOffset: 10 })
  const first = open({ nextOffset: 10 })
  first.reader.push(fetched(10, batch))
  expect(first.poll(2)).toEqual({ status: 'more-available', values: ['a', 'b'] })

  const second = open(first.reader.snapshot())
  second.reader.push(fetched(12, batch))

  expect(second.poll()).toEqual({ status: 'nothing-available', values: ['c'] })
  expect(second.reader.nextOffset).toBe(13)
})

test('advances over batches without records and over control batches', () => {
  const { reader, poll } = open()
  const marker = changed(batchOf(valuesOf('x'), { baseOffset: 5 }), (copy) => {
    copy.writeInt16BE(control, 21)
  })
  const empty = emptied(batchOf(valuesOf('a', 'b', 'c', 'd', 'e')))
  reader.push(fetched(0, empty, marker))

  expect(poll()).toEqual({ status: 'nothing-available', values: [] })
  expect(reader.nextOffset).toBe(6)
})

test('leaves out aborted transactions, and reads what is between them', () => {
  const { reader, poll } = open()
  const aborted = batchOf(valuesOf('no'), { stamp: transaction })
  const other = batchOf(valuesOf('yes'), { baseOffset: 1 })
  const abortedTransactions = [{ producerId: 7, firstOffset: 0 }]
  reader.push({ ...fetched(0, aborted, other), abortedTransactions })

  expect(poll().values).toEqual(['yes'])
})

test('ends by its position: a control batch behind the last record ends it too', () => {
  const { reader, poll } = open({ stopOffset: 2 })
  const marker = changed(batchOf(valuesOf('x'), { baseOffset: 1 }), (copy) => {
    copy.writeInt16BE(control, 21)
  })
  reader.push(fetched(0, batchOf(valuesOf('a')), marker))

  expect(poll()).toEqual({ status: 'ended', values: ['a'] })
})

test('emits nothing at or behind the stop offset', () => {
  const { reader, poll } = open({ stopOffset: 2 })
  reader.push(fetched(0, batchOf(valuesOf('a', 'b', 'c'))))

  expect(poll()).toEqual({ status: 'ended', values: ['a', 'b'] })
  expect(reader.snapshot().nextOffset).toBe(2)
})

test('counts what is buffered until it was read to its end', () => {
  const { reader, poll } = open()
  const batch = batchOf(valuesOf('a', 'b'))
  reader.push(fetched(0, batch))
  reader.push(fetched(2, batchOf(valuesOf('c'), { baseOffset: 2 })))
  expect(reader.bufferedBytes).toBeGreaterThan(batch.length)

  poll()

  expect(reader.bufferedBytes).toBe(0)
})

test('names the place of bytes that are damaged', () => {
  const { reader, poll } = open({ nextOffset: 4 })
  const damaged = batchOf(valuesOf('a'), { baseOffset: 4 })
  damaged.writeUInt8(damaged.readUInt8(damaged.length - 2) ^ 1, damaged.length - 2)
  reader.push(fetched(4, damaged))

  expect(() => poll()).toThrow(
    expect.objectContaining({
      code: 'FLINKTS_KAFKA_RECORDS_INVALID',
      message: expect.stringContaining('offset 4 of the partition 0 of the topic "t"') as string,
    }),
  )
})

const refusing: Deserializer<string | null> = (bytes, context) => {
  const text = stringDeserializer(bytes, context)
  if (text === 'bad') throw new Error(`refused at ${context.offset}`)
  return text
}

test('fails at a record that cannot be deserialized, and stays before it', () => {
  const { reader, poll } = open({}, { value: refusing })
  reader.push(fetched(0, batchOf(valuesOf('a', 'bad'))))

  expect(() => poll()).toThrow(
    expect.objectContaining({ code: 'FLINKTS_KAFKA_RECORD_NOT_DESERIALIZABLE' }),
  )
  expect(reader.nextOffset).toBe(1)
})

test('skips records that cannot be deserialized, and counts them', () => {
  const { reader, poll, counts } = open({}, { value: refusing, onDeserializeError: 'skip' })
  reader.push(fetched(0, batchOf(valuesOf('a', 'bad', 'b', 'bad'))))

  expect(poll().values).toEqual(['a', 'b'])
  expect(counts).toEqual({ skipped: 2, deadLettered: 0 })
  expect(reader.nextOffset).toBe(4)
})

test('gives records that cannot be deserialized as bytes to the side output', () => {
  const onDeserializeError = { deadLetters: outputTag<KafkaDeadLetter>('unreadable') }
  const { reader, poll, counts, letters } = open({}, { value: refusing, onDeserializeError })
  reader.push(fetched(0, batchOf(valuesOf('a', 'bad', 'b'))))

  expect(poll().values).toEqual(['a', 'b'])
  expect(counts).toEqual({ skipped: 0, deadLettered: 1 })
  expect(letters).toMatchObject([
    {
      tag: 'unreadable',
      at: 1_700_000_000_000,
      key: null,
      value: new TextEncoder().encode('bad'),
      offset: 1,
      topic: 't',
      part: 'value',
    },
  ])
  expect(reader.nextOffset).toBe(3)
})

test('stops behind a dead letter when the output wants no more', () => {
  const onDeserializeError = { deadLetters: outputTag<KafkaDeadLetter>('unreadable') }
  const { reader, poll, letters } = open({}, { value: refusing, onDeserializeError })
  reader.push(fetched(0, batchOf(valuesOf('bad', 'bad'))))

  expect(poll(1).status).toBe('more-available')
  expect(letters).toHaveLength(1)
  expect(reader.nextOffset).toBe(1)
})

test('knows from headers alone how far a response goes, and what is cut', () => {
  const first = batchOf(valuesOf('a', 'b'))
  const second = batchOf(valuesOf('c'), { baseOffset: 2 })
  const cut = Buffer.concat([first, second.subarray(0, 20)])

  expect(spanOf(cut, 0)).toMatchObject({
    batchCount: 1,
    nextOffset: 2,
    truncatedBatchBytes: second.length,
  })
  expect(spanOf(second.subarray(0, 20), 2)).toMatchObject({ batchCount: 0, nextOffset: 2 })
})
