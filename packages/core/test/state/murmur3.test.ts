import { describe, expect, it } from 'vitest'
import { murmur3 } from '../../src/state/murmur3.ts'

describe('murmur3', () => {
  it.each([
    ['', 0],
    ['a', 0x3c2569b2],
    ['aa', 0x371091a9],
    ['aaa', 0xb4d05fb7],
    ['aaaa', 0x7eeed987],
    ['test', 0xba6bd213],
    ['Hello, world!', 0xc0363e43],
    ['The quick brown fox jumps over the lazy dog', 0x2e4ff723],
  ])('gives the published hash of "%s"', (text, expected) => {
    expect(murmur3(new TextEncoder().encode(text))).toBe(expected)
  })

  it.each([
    [[0xff, 0xff, 0xff, 0xff], 0x76293b50],
    [[0x21, 0x43, 0x65, 0x87], 0xf55b516b],
    [[0x21, 0x43, 0x65], 0x7e4a8634],
  ])('takes the bytes %j as unsigned', (bytes, expected) => {
    expect(murmur3(Uint8Array.from(bytes))).toBe(expected)
  })
})
