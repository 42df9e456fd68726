import type { ProducerIdentity } from '../../src/protocol/init-producer-id.ts'

const timestamp = 1_700_000_000_000n
const transactional = 0x10

/**
 * A record batch of one record, made by hand: these tests must not depend on the codec of records.
 *
 * @param producer - Of the transaction that the batch is part of, as its first one.
 */
export function oneRecordBatch(key: string, value: string, producer?: ProducerIdentity): Buffer {
  const record = recordOf(key, value)
  const batch = Buffer.alloc(61)
  batch.writeInt32BE(batch.length - 12 + record.length, 8)
  batch.writeInt32BE(-1, 12)
  batch.writeInt8(2, 16)
  batch.writeInt16BE(producer === undefined ? 0 : transactional, 21)
  batch.writeInt32BE(0, 23)
  batch.writeBigInt64BE(timestamp, 27)
  batch.writeBigInt64BE(timestamp, 35)
  batch.writeBigInt64BE(BigInt(producer?.producerId ?? -1), 43)
  batch.writeInt16BE(producer?.producerEpoch ?? -1, 51)
  batch.writeInt32BE(producer === undefined ? -1 : 0, 53)
  batch.writeInt32BE(1, 57)
  const whole = Buffer.concat([batch, record])
  whole.writeUInt32BE(crc32c(whole.subarray(21)), 17)
  return whole
}

/** Lengths are varints, zigzag; those of short texts have one byte. */
function recordOf(key: string, value: string): Buffer {
  const fields = Buffer.concat([
    Buffer.from([0, 0, 0, key.length * 2]),
    Buffer.from(key),
    Buffer.from([value.length * 2]),
    Buffer.from(value),
    Buffer.from([0]),
  ])
  return Buffer.concat([Buffer.from([fields.length * 2]), fields])
}

const castagnoli = 0x82f63b78

function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (castagnoli & -(crc & 1))
  }
  return (crc ^ 0xffffffff) >>> 0
}
