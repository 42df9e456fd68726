import { Buffer } from 'node:buffer'
import { isDeepStrictEqual } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { type Prng, randomBelow, SeededPrng } from '../../src/common/prng.ts'
import { RecordBatchReader } from '../../src/network/record-batch-reader.ts'
import { RecordBatchWriter } from '../../src/network/record-batch-writer.ts'
import { noTimestamp } from '../../src/network/stream-element.ts'
import { ByteReader } from '../../src/state/byte-reader.ts'
import { ByteWriter } from '../../src/state/byte-writer.ts'
import { ValueReader, ValueWriter } from '../../src/state/value-codec.ts'
import { pick, randomString, randomValue } from '../state/random-value.ts'

const owner = { code: 'FLINKTS_RECORD_NOT_TRANSFERABLE', name: 'a record' } as const

/** The bytes of the batch that `writer` has. */
function endOf(writer: RecordBatchWriter): Buffer<ArrayBuffer> {
  const out = new ByteWriter()
  writer.end(out)
  const batch = Buffer.allocUnsafeSlow(out.length)
  batch.set(out.written())
  return batch
}

/** What comes out at the other end: a batch whenever one is full, and whenever `ends` says so. */
function sent(records: readonly unknown[], ends: () => boolean = () => false): unknown[] {
  const writer = new RecordBatchWriter(owner)
  const reader = new RecordBatchReader()
  const received: unknown[] = []
  for (const record of records) {
    writer.push(record, noTimestamp)
    if (writer.full || ends()) received.push(...reader.read(endOf(writer)).values)
  }
  if (writer.rowCount > 0) received.push(...reader.read(endOf(writer)).values)
  return received
}

/** By the codec of values alone. */
function copied(records: readonly unknown[]): unknown[] {
  const out = new ByteWriter()
  const writer = new ValueWriter(out, owner)
  for (const record of records) writer.write(record)
  const reader = new ValueReader(new ByteReader(out.written()))
  return records.map(() => reader.read())
}

function bytesPerRecord(records: readonly unknown[]): number {
  const writer = new RecordBatchWriter(owner)
  writer.push(records[0], noTimestamp)
  endOf(writer)
  for (const record of records) writer.push(record, noTimestamp)
  return endOf(writer).length / records.length
}

const event = (id: number): object => {
  return {
    id,
    price: id + 0.5,
    at: 1_700_000_000_000 + id,
    channel: `channel-${id % 10}`,
    kind: 'a',
  }
}

/** Fields of one kind each, mostly. */
function randomRecord(prng: Prng, odd: number): object {
  const fields = {
    id: randomBelow(prng, 2 ** 31),
    price: prng.next() - 0.5,
    name: randomString(prng),
    flag: prng.next() < 0.5,
    when: new Date(randomBelow(prng, 2 ** 41)),
    big: 2n ** BigInt(randomBelow(prng, 100)),
    none: undefined,
    nested: { id: randomBelow(prng, 10), tags: [randomString(prng)] },
    counts: Array.from({ length: randomBelow(prng, 5) }, () => randomBelow(prng, 100)),
    last: `${randomBelow(prng, 1000)}`,
  }
  if (prng.next() >= odd) return fields
  switch (randomBelow(prng, 6)) {
    case 0:
      return { ...fields, [pick(prng, Object.keys(fields))]: randomValue(prng) }
    case 1:
      return Object.fromEntries(Object.entries(fields).toReversed())
    case 2:
      return Object.fromEntries(Object.entries(fields).slice(randomBelow(prng, 9)))
    case 3:
      return { ...fields, [randomString(prng)]: randomValue(prng) }
    case 4:
      return Object.assign(Object.create(null) as object, fields)
    default:
      return { id: pick(prng, [-0, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]), name: '' }
  }
}

describe('the records of a batch', () => {
  test.each([1, 2, 3, 4])('are what the codec of values gives, of any kind (seed %i)', (seed) => {
    const prng = new SeededPrng(seed)
    const records = Array.from({ length: 300 }, () => randomValue(prng))

    const received = sent(records, () => prng.next() < 0.05)

    expect(isDeepStrictEqual(received, copied(records))).toBe(true)
  })

  test.each([
    [1, 0],
    [2, 0.01],
    [3, 0.1],
    [4, 0.1],
    [5, 0.5],
  ])('are what the codec of values gives, odd ones among them (seed %i, %d odd)', (seed, odd) => {
    const prng = new SeededPrng(seed)
    const records = Array.from({ length: 400 }, () => randomRecord(prng, odd))

    const received = sent(records, () => prng.next() < 0.02)

    expect(isDeepStrictEqual(received, copied(records))).toBe(true)
    expect(received.map(namesOf)).toEqual(records.map(namesOf))
  })

  test('keep -0, NaN, infinities and every bit of a number', () => {
    const numbers = [-0, 0, Number.NaN, Infinity, -Infinity, 0.1, -1, 2 ** 31, 5e-324, 2 ** 53 + 2]
    const records = numbers.map((value) => ({ value }))

    expect(sent(records)).toStrictEqual(records)
  })

  test('keep strings of any characters and lengths, also lone surrogates side by side', () => {
    const texts = ['', 'a', 'ab', 'abc', 'x'.repeat(12), 'x'.repeat(13), 'é', '日本', '\uD800']
    const records = [...texts, '\uDC00', '😀', 'y'.repeat(40_000)].map((text) => ({
      text,
      is: 'b',
    }))

    expect(sent(records)).toStrictEqual(records)
    expect(sent(records.slice(0, 6))).toStrictEqual(records.slice(0, 6))
  })

  test('keep arrays of numbers, and of other things, of any length', () => {
    const numbers = (length: number): number[] => Array.from({ length }, (_, index) => index / 2)
    const lists = [[], [-0], numbers(2), numbers(128), numbers(129), [1, 'a'], ['a'], [1, [2]]]
    const records = [...lists, ...lists].map((list, id) => ({ list, id, more: [id] }))

    expect(sent(records)).toStrictEqual(records)
    expect(sent(records.slice(0, 4))).toStrictEqual(records.slice(0, 4))
  })

  test('take of an array what the codec of values takes: its elements', () => {
    const holes: number[] = []
    holes[2] = 1
    const records = [[1], holes, Object.assign([1, 2], { note: 'dropped' })].map((list) => ({
      list,
    }))

    expect(sent(records)).toStrictEqual(copied(records))
  })

  test('are refused with an array of a class of its own, as by the codec of values', () => {
    class Samples extends Array<number> {}
    const writer = new RecordBatchWriter(owner)
    writer.push({ list: [1] }, noTimestamp)

    expect(() => writer.push({ list: Samples.of(1) }, noTimestamp)).toThrow(
      expect.objectContaining({ code: 'FLINKTS_RECORD_NOT_TRANSFERABLE' }) as Error,
    )
  })

  test('keep fields named like parts of objects, or like places of an array', () => {
    const records = [
      { constructor: 1, toString: 'a', '': 2, hasOwnProperty: true },
      { '"': 1, '\\': 'a', "'": 2, 'a b': 3, '\u2028': 4, '}': 5, '\uD800': 6 },
      { 7: 'b', 3: 1, length: 2 },
      JSON.parse('{"__proto__":{"admin":true},"a":1}') as object,
      JSON.parse('{"__proto__":5,"a":1}') as object,
      {},
    ]

    const received = sent([...records, ...records])

    expect(received).toStrictEqual([...records, ...records])
    expect(received.map(namesOf)).toEqual([...records, ...records].map(namesOf))
  })

  test('do not take over fields that all objects have inherited', () => {
    const records = [{ a: 1, shared: 2 }, { a: 1 }, { a: 2 }]
    const prototype: { shared?: number } = Object.prototype
    Object.defineProperty(prototype, 'shared', {
      value: 3,
      writable: true,
      enumerable: true,
      configurable: true,
    })

    try {
      expect(sent(records).map(namesOf)).toEqual([['a', 'shared'], ['a'], ['a']])
    } finally {
      delete prototype.shared
    }
  })

  test('are read when they are pushed', () => {
    const writer = new RecordBatchWriter(owner)
    const record = { id: 1, list: [1] }
    for (const id of [1, 2]) {
      record.id = id
      record.list = [id]
      writer.push(record, noTimestamp)
    }
    record.list.push(9)

    const { values } = new RecordBatchReader().read(endOf(writer))

    expect(values).toStrictEqual([
      { id: 1, list: [1] },
      { id: 2, list: [2] },
    ])
  })

  test('keep their timestamps, or that they have none', () => {
    const writer = new RecordBatchWriter(owner)
    const reader = new RecordBatchReader()
    const timestamps = [noTimestamp, 3, -1.5]
    for (const timestamp of timestamps) writer.push('timed', timestamp)
    const timed = reader.read(endOf(writer))
    writer.push('not timed', noTimestamp)
    const untimed = reader.read(endOf(writer))

    expect(timed.timestamps).toEqual(timestamps)
    expect(untimed).toEqual({
      type: 'records',
      values: ['not timed'],
      timestamps: [noTimestamp],
    })
  })

  test('have no names, and no tags, when they are alike', () => {
    const records = Array.from({ length: 100 }, (_, id) => event(id))

    // Five numbers, nine or ten characters, and which layout it is.
    expect(bytesPerRecord(records)).toBeLessThan(5 * 8 + 10 + 1 + 1)
  })

  test('take up a field that changes its kind, and are alike again', () => {
    const records = Array.from({ length: 200 }, (_, id) => {
      return { ...event(id), note: id % 2 === 0 ? undefined : `note ${id}` }
    })

    expect(sent(records)).toStrictEqual(records)
    expect(bytesPerRecord(records)).toBeLessThan(80)
  })

  test('may be of more shapes than there are layouts', () => {
    const records = Array.from({ length: 3000 }, (_, id) => ({ [`field${id % 700}`]: id, id }))

    expect(sent(records)).toStrictEqual(records)
  })

  test('do not keep their batch alive by a string of it', () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const record = (id: number): object => ({ short: `s${id}`, long: `long enough ${id}` })
    const writer = new RecordBatchWriter(owner)
    const reader = new RecordBatchReader()
    const kept: unknown[] = []
    const batch = (): void => {
      for (let id = 0; !writer.full; id += 1) writer.push(record(id), noTimestamp)
      kept.push(reader.read(endOf(writer)).values[0])
    }
    batch()
    collect()
    const before = process.memoryUsage().heapUsed

    for (let count = 0; count < 100; count += 1) batch()

    collect()
    expect((process.memoryUsage().heapUsed - before) / 100).toBeLessThan(2000)
    expect(kept).toHaveLength(101)
  })

  test('are refused if one has no serial form, and so is every later one', () => {
    const writer = new RecordBatchWriter(owner)
    const code = 'FLINKTS_RECORD_NOT_TRANSFERABLE'
    writer.push({ id: 1, call: 1 }, noTimestamp)

    expect(() => writer.push({ id: 1, call: () => 1 }, noTimestamp)).toThrow(
      expect.objectContaining({ code, message: 'a record holds a function at ".call"' }) as Error,
    )
    expect(writer.torn).toBe(true)
    expect(() => writer.push({ id: 2, call: 1 }, noTimestamp)).toThrow(
      expect.objectContaining({ code }) as Error,
    )
    expect(() => endOf(writer)).toThrow(expect.objectContaining({ code }) as Error)
  })
})

function namesOf(value: unknown): readonly string[] {
  return Object.keys(value as object)
}
