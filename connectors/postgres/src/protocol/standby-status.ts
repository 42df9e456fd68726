import type { Lsn } from '../records/lsn.ts'

/** Microseconds from 1970 to 2000, where Postgres counts from. @internal */
export const postgresEpochMs = 946_684_800_000

const copyDataHeaderBytes = 5
const statusBytes = 34

/**
 * A CopyData message with a standby status update: `r`, the positions written, flushed and applied,
 * the clock, and whether the server shall answer at once.
 *
 * @param lsn - What is safe at our side; 0: nothing yet.
 * @param nowMs - Milliseconds since 1970.
 * @internal
 */
export function standbyStatus(lsn: Lsn, nowMs: number, replyRequested: boolean): Buffer {
  const message = Buffer.alloc(copyDataHeaderBytes + statusBytes)
  message.write('d', 0, 'latin1')
  message.writeInt32BE(statusBytes + 4, 1)
  message.write('r', copyDataHeaderBytes, 'latin1')
  for (const offset of [6, 14, 22]) message.writeBigUInt64BE(lsn, offset)
  message.writeBigInt64BE(BigInt(Math.trunc((nowMs - postgresEpochMs) * 1000)), 30)
  message.writeUInt8(replyRequested ? 1 : 0, 38)
  return message
}
