import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FrameReader, frameBytesMax } from '../../src/transport/frame-reader.ts'

function frame(correlationId: number, body: Uint8Array): Buffer {
  const head = Buffer.alloc(8)
  head.writeInt32BE(body.length + 4, 0)
  head.writeInt32BE(correlationId, 4)
  return Buffer.concat([head, body])
}

function lengthOf(length: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeInt32BE(length)
  return bytes
}

describe('FrameReader', () => {
  test('finds the responses however the bytes are cut', () => {
    const response = fc.record({
      correlationId: fc.integer({ min: 0 }),
      body: fc.uint8Array({ maxLength: 40 }),
    })
    const cuts = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(fc.array(response), cuts, (responses, lengths) => {
        const bytes = Buffer.concat(
          responses.map(({ correlationId, body }) => frame(correlationId, body)),
        )
        const read: unknown[] = []
        const reader = new FrameReader((correlationId, body) => {
          read.push({ correlationId, body: Uint8Array.from(body) })
        })
        let position = 0
        for (let index = 0; position < bytes.length; index++) {
          const length = lengths[index % lengths.length] ?? 1
          reader.push(bytes.subarray(position, position + length))
          position += length
        }
        expect(read).toEqual(responses)
      }),
    )
  })

  test.each([
    { what: 'a negative length', bytes: lengthOf(-5) },
    { what: 'a length without a correlation id', bytes: lengthOf(3) },
    { what: 'a length above the limit', bytes: lengthOf(frameBytesMax + 1) },
    { what: 'the answer of a web server', bytes: Buffer.from('HTTP/1.1 400 Bad Request') },
    { what: 'an alert of TLS', bytes: Buffer.from([0x15, 3, 3, 0, 2, 2, 0x46]) },
  ])('refuses $what', ({ bytes }) => {
    const reader = new FrameReader(() => undefined)

    expect(() => reader.push(bytes)).toThrow(
      expect.objectContaining({ code: 'FLINKTS_KAFKA_PROTOCOL_VIOLATED' }) as Error,
    )
  })
})
