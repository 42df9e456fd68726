import { describe, expect, test } from 'vitest'
import { randomBelow, SeededPrng } from '../../src/common/prng.ts'
import { ByteRing, byteRingBuffer } from '../../src/network/byte-ring.ts'

/** Both ends of a ring, each as its thread has it. */
function endsOf(capacity: number): { writer: ByteRing; reader: ByteRing; words: Int32Array } {
  const buffer = byteRingBuffer(capacity)
  const words = new Int32Array(buffer, 0, 4)
  return { writer: new ByteRing(buffer), reader: new ByteRing(buffer), words }
}

function readAll(reader: ByteRing): number[] {
  const bytes = new Uint8Array(reader.capacity)
  return [...bytes.subarray(0, reader.read(bytes, 0, bytes.length))]
}

describe('a ring', () => {
  test('takes what it has room for, and no more', () => {
    const { writer, reader } = endsOf(4)

    const counts = [writer.write(Uint8Array.of(1, 2, 3)), writer.write(Uint8Array.of(4, 5))]

    expect(counts).toEqual([3, 1])
    expect(writer.write(Uint8Array.of(6))).toBe(0)
    expect(readAll(reader)).toEqual([1, 2, 3, 4])
    expect(reader.readable).toBe(0)
  })

  test.each([
    [1, 0],
    [2, 0],
    [3, 2 ** 31 - 20],
    [4, 2 ** 32 - 20],
  ])('keeps every byte in its order, over and over (seed %i, from byte %i)', (seed, start) => {
    const prng = new SeededPrng(seed)
    const { writer, reader, words } = endsOf(2 ** randomBelow(prng, 7) * 2)
    words[0] = start
    words[1] = start
    const sent: number[] = []
    const received: number[] = []

    for (let step = 0; step < 2000; step += 1) {
      const chunk = Uint8Array.from({ length: randomBelow(prng, 40) }, () => randomBelow(prng, 256))
      sent.push(...chunk.subarray(0, writer.write(chunk)))
      const target = new Uint8Array(50)
      const count = reader.read(target, 7, randomBelow(prng, 40))
      received.push(...target.subarray(7, 7 + count))
    }

    received.push(...readAll(reader))
    expect(sent.length).toBeGreaterThan(1000)
    expect(received).toEqual(sent)
  })

  test('publishes a position after the bytes, never before', () => {
    const { writer, reader, words } = endsOf(8)
    const seen: number[] = []
    // A look from the other thread between the copy of the bytes and the position.
    const source = Uint8Array.of(1, 2)
    const copied = source.subarray.bind(source)
    source.subarray = (...range) => {
      seen.push(Atomics.load(words, 0))
      return copied(...range)
    }

    writer.write(source)

    expect(seen).toEqual([0])
    expect(readAll(reader)).toEqual([1, 2])
  })

  test('tells the reader that waits about the next bytes, once', () => {
    const { writer, reader } = endsOf(8)
    const waits = reader.awaitBytes()
    writer.write(Uint8Array.of(1))

    expect(waits).toBe(false)
    expect([writer.takeWaitingReader(), writer.takeWaitingReader()]).toEqual([true, false])
    expect(reader.awaitBytes()).toBe(true)
  })

  test('tells the writer that waits when half of it is free, once', () => {
    const { writer, reader } = endsOf(8)
    writer.write(new Uint8Array(8))
    const target = new Uint8Array(8)

    const waits = writer.awaitRoom()
    reader.read(target, 0, 3)
    const early = reader.takeWaitingWriter()
    reader.read(target, 0, 1)

    expect([waits, early]).toEqual([false, false])
    expect([reader.takeWaitingWriter(), reader.takeWaitingWriter()]).toEqual([true, false])
    expect(writer.awaitRoom()).toBe(true)
  })
})
