/**
 * `codec-measure.ts flinkts|kafkajs decode|encode none|gzip|lz4 <seconds>`: batches of 1000 records
 * with a key and 200 bytes of JSON, one after the other; prints what `kafka-codec` of the benches
 * reads. The codec of kafkajs is reached inside its package: its clients use it only over a socket.
 */
import { createRequire } from 'node:module'
import { BatchReader } from '../../src/records/batch-reader.ts'
import { BatchWriter } from '../../src/records/batch-writer.ts'
import { compressionTypes } from '../../src/records/record-batch.ts'

interface InputRecord {
  readonly key: Buffer
  readonly value: Buffer
  readonly timestamp: number
}

/** A record as a reader hands it on. */
interface OutputRecord {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly offset: unknown
  readonly timestamp: unknown
}

type Type = 'none' | 'gzip' | 'lz4'
type Decode = (batch: Buffer) => Promise<readonly OutputRecord[]> | readonly OutputRecord[]
type Encode = (records: readonly InputRecord[]) => Promise<Buffer> | Buffer

/** What of kafkajs is called. */
interface Encoder {
  readonly buffer: Buffer
}
type DecoderClass = new (buffer: Buffer) => object
type RecordFunction = (record: object) => Encoder
type BatchFunction = (batch: object) => Promise<Encoder>
type BatchDecoder = (decoder: object) => Promise<{ readonly records: readonly OutputRecord[] }>
interface Lz4 {
  readonly compressFrameSync: (bytes: Buffer) => Buffer
  readonly decompressFrameSync: (bytes: Buffer) => Buffer
}
type CodecTable = Record<number, () => object>

const recordCount = 1000
const valueBytes = 200
const baseTimestamp = 1_700_000_000_000
const sliceCount = 9
const warmUpSlices = 3
const bytesMax = 2 ** 24
const load = createRequire(import.meta.url)

const [side, action, type, seconds] = process.argv.slice(2) as [string, string, Type, string]
const records = inputRecords()
const batch = Buffer.from(ourEncode(type)(records))
const decode = side === 'kafkajs' ? theirDecode(type) : ourDecode()
const encode = side === 'kafkajs' ? theirEncode(type) : ourEncode(type)
await checkBoth()
const slices = await measure(action === 'decode' ? decodeOnce : encodeOnce)
process.stdout.write(JSON.stringify({ recordsPerSecond: slices }))

async function decodeOnce(): Promise<void> {
  const decoded = decode(batch)
  const all = decoded instanceof Promise ? await decoded : decoded
  if (all.length !== recordCount) throw new Error(`${all.length} records were decoded`)
}

async function encodeOnce(): Promise<void> {
  const encoded = encode(records)
  const bytes = encoded instanceof Promise ? await encoded : encoded
  if (bytes.length < recordCount) throw new Error(`${bytes.length} bytes were encoded`)
}

/** What either side encodes, it decodes to the records that went in. */
async function checkBoth(): Promise<void> {
  const decoded = await decode(await encode(records))
  const same = records.every(({ key, value, timestamp }, index) => {
    const other = decoded[index]
    return (
      other?.key?.equals(key) === true &&
      other.value?.equals(value) === true &&
      Number(other.timestamp) === timestamp &&
      Number(other.offset) === index
    )
  })
  if (!same || decoded.length !== recordCount) throw new Error('the records came back changed')
}

async function measure(once: () => Promise<void>): Promise<readonly number[]> {
  const rates: number[] = []
  const sliceMs = (Number(seconds) * 1000) / sliceCount
  for (let slice = 0; slice < sliceCount; slice += 1) {
    const startedMs = performance.now()
    let elapsedMs = 0
    let count = 0
    while (elapsedMs < sliceMs) {
      await once()
      count += recordCount
      elapsedMs = performance.now() - startedMs
    }
    if (slice >= warmUpSlices) rates.push((count / elapsedMs) * 1000)
  }
  return rates
}

function inputRecords(): readonly InputRecord[] {
  return Array.from({ length: recordCount }, (_, index) => {
    const order = {
      id: index * 7919,
      customer: `customer-${(index * 31) % 997}`,
      amount: index / 8,
    }
    const text = JSON.stringify({ ...order, note: '' })
    const note = Array.from({ length: valueBytes - text.length }, (_letter, at) =>
      String.fromCodePoint(97 + ((index * 17 + at * at) % 26)),
    ).join('')
    return {
      key: Buffer.from(`order-${order.id}`),
      value: Buffer.from(JSON.stringify({ ...order, note })),
      timestamp: baseTimestamp + index * 3,
    }
  })
}

function ourEncode(compression: Type): (all: readonly InputRecord[]) => Buffer {
  const writer = new BatchWriter({ bytesMax, compression: { type: compression } })
  return (all) => {
    writer.reset()
    for (const { key, value, timestamp } of all) writer.append(key, value, [], timestamp)
    return writer.finish()
  }
}

function ourDecode(): Decode {
  const reader = new BatchReader()
  return (bytes) => {
    reader.reset(bytes)
    if (!reader.nextBatch()) return []
    const cursor = reader.records()
    const all: OutputRecord[] = []
    while (cursor.next()) {
      const { offset, timestamp } = cursor
      all.push({ key: cursor.key(), value: cursor.value(), offset, timestamp })
    }
    return all
  }
}

function theirEncode(compression: Type): Encode {
  const writeRecord = load('kafkajs/src/protocol/recordBatch/record/v0/index.js') as RecordFunction
  const { RecordBatch } = load('kafkajs/src/protocol/recordBatch/v0/index.js') as {
    readonly RecordBatch: BatchFunction
  }
  addLz4()
  return async (all) => {
    const encoded = await RecordBatch({
      compression: compressionTypes.indexOf(compression),
      firstTimestamp: baseTimestamp,
      maxTimestamp: baseTimestamp + (all.length - 1) * 3,
      lastOffsetDelta: all.length - 1,
      records: all.map(({ key, value, timestamp }, offsetDelta) =>
        writeRecord({ offsetDelta, timestampDelta: timestamp - baseTimestamp, key, value }),
      ),
    })
    return encoded.buffer
  }
}

function theirDecode(compression: Type): Decode {
  const Decoder = load('kafkajs/src/protocol/decoder.js') as DecoderClass
  const readBatch = load('kafkajs/src/protocol/recordBatch/v0/decoder.js') as BatchDecoder
  if (compression === 'lz4') addLz4()
  return async (bytes) => (await readBatch(new Decoder(bytes))).records
}

/** kafkajs brings no LZ4: it gets the package that flinkts uses, as a user would plug it in. */
function addLz4(): void {
  const { CompressionCodecs } = load('kafkajs') as { readonly CompressionCodecs: CodecTable }
  const { compressFrameSync, decompressFrameSync } = load('lz4-napi') as Lz4
  CompressionCodecs[compressionTypes.indexOf('lz4')] = () => ({
    compress: ({ buffer }: Encoder) => Promise.resolve(compressFrameSync(buffer)),
    decompress: (bytes: Buffer) => Promise.resolve(decompressFrameSync(bytes)),
  })
}
