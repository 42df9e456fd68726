import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { BatchReader } from '../../../src/records/batch-reader.ts'
import type { RecordCursor } from '../../../src/records/record-cursor.ts'
import { sequenceAfter } from '../../../src/records/sequence.ts'

/** A record as Kafka's Java client tells it; bytes as `told` gives them. */
export interface ToldRecord {
  readonly offset: number
  readonly timestamp: number
  readonly key: string | null
  readonly value: string | null
  readonly headers: readonly { readonly key: string; readonly value: string | null }[]
}

/** A batch as Kafka's Java client tells it. */
export interface ToldBatch {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly nextOffset: number
  readonly partitionLeaderEpoch: number
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly lastSequence: number
  readonly isTransactional: boolean
  readonly isControl: boolean
  readonly timestampType: 'CreateTime' | 'LogAppendTime'
  readonly maxTimestamp: number
  readonly recordCount: number
  readonly compression: string
  readonly marker: { readonly type: string; readonly coordinatorEpoch: number } | null
  readonly records: readonly ToldRecord[]
}

/** What golden.json holds, made by Golden.java. */
export interface GoldenBatches {
  readonly name: string
  readonly bytes: string
  readonly batches: readonly ToldBatch[]
}

export const goldenBatches: readonly GoldenBatches[] = JSON.parse(
  readFileSync(new URL('golden.json', import.meta.url), 'utf8'),
) as readonly GoldenBatches[]

/** The bytes of the golden batches of this name. */
export function goldenBytes(name: string): Buffer {
  const golden = goldenBatches.find((candidate) => candidate.name === name)
  if (golden === undefined) throw new Error(`there are no golden batches "${name}"`)
  return Buffer.from(golden.bytes, 'base64')
}

/** All that the reader finds, in the form of Golden.java. */
export function toldBatches(reader: BatchReader, bytes: Buffer): readonly ToldBatch[] {
  const batches: ToldBatch[] = []
  reader.reset(bytes)
  while (reader.nextBatch()) batches.push(toldBatch(reader))
  return batches
}

function toldBatch(reader: BatchReader): ToldBatch {
  return {
    baseOffset: reader.baseOffset,
    lastOffset: reader.lastOffset,
    nextOffset: reader.nextOffset,
    partitionLeaderEpoch: reader.partitionLeaderEpoch,
    producerId: reader.producerId,
    producerEpoch: reader.producerEpoch,
    baseSequence: reader.baseSequence,
    lastSequence: lastSequence(reader),
    isTransactional: reader.isTransactional,
    isControl: reader.isControl,
    timestampType: reader.timestampType === 'create-time' ? 'CreateTime' : 'LogAppendTime',
    maxTimestamp: reader.maxTimestamp,
    recordCount: reader.recordCount,
    compression: reader.compression,
    marker: reader.transactionMarker() ?? null,
    records: toldRecords(reader.records()),
  }
}

function lastSequence({ baseSequence, baseOffset, lastOffset }: BatchReader): number {
  return baseSequence < 0 ? baseSequence : sequenceAfter(baseSequence, lastOffset - baseOffset)
}

function toldRecords(records: RecordCursor): readonly ToldRecord[] {
  const all: ToldRecord[] = []
  while (records.next()) {
    all.push({
      offset: records.offset,
      timestamp: records.timestamp,
      key: told(records.key()),
      value: told(records.value()),
      headers: records.headers().map(({ key, value }) => ({ key, value: told(value) })),
    })
  }
  return all
}

/** In hexadecimal, or, if that would be long, the length and a digest. */
function told(bytes: Uint8Array | null): string | null {
  if (bytes === null) return null
  if (bytes.length <= 256) return Buffer.from(bytes).toString('hex')
  return `${bytes.length} bytes, sha256 ${createHash('sha256').update(bytes).digest('hex')}`
}
