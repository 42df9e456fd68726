import { expect, test } from 'vitest'
import { ByteBuffer, StoragePool } from '../src/index.ts'

test('keeps what is appended, in order, however it grows', () => {
  const buffer = new ByteBuffer()
  const long = 'ü€😀x'.repeat(1000)

  buffer.appendText('a')
  buffer.append(new Uint8Array([0, 255]))
  buffer.appendLine(long)

  const expected = Buffer.concat([
    Buffer.from('a'),
    Buffer.from([0, 255]),
    Buffer.from(`${long}\n`),
  ])
  expect(buffer.length).toBe(expected.length)
  expect(Buffer.from(buffer.take())).toEqual(expected)
})

test('uses again what it got back, if it is large enough', () => {
  const pool = new StoragePool(100_000)
  const buffer = new ByteBuffer(pool)
  const long = 'x'.repeat(3000)

  buffer.appendText('first')
  const small = buffer.take()
  buffer.appendText(long)
  const large = buffer.take()
  buffer.recycle(small)
  buffer.appendText(long)
  const grown = buffer.take()
  buffer.recycle(large)
  const other = new ByteBuffer(pool)
  other.appendText('other')
  const reused = other.take()

  expect(Buffer.from(grown).toString()).toBe(long)
  expect(Buffer.from(reused).toString()).toBe('other')
  expect(reused.buffer).toBe(large.buffer)
})

test('a pool keeps no more than it may', () => {
  const pool = new StoragePool(1000)

  pool.give(new ArrayBuffer(600))
  pool.give(new ArrayBuffer(600))
  pool.give(new ArrayBuffer(400))

  expect(pool.take(500)).toBeUndefined()
  expect([pool.take(1), pool.take(1), pool.take(1)].map((storage) => storage?.byteLength)).toEqual([
    400,
    600,
    undefined,
  ])
})

test('what was taken does not change when more is appended', () => {
  const buffer = new ByteBuffer()

  buffer.appendText('first')
  const taken = buffer.take()
  buffer.appendText('other')

  expect(Buffer.from(taken).toString()).toBe('first')
  expect(Buffer.from(buffer.take()).toString()).toBe('other')
  expect(buffer.length).toBe(0)
})
