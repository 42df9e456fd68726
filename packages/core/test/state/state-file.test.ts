import { Buffer } from 'node:buffer'
import { describe, expect, it } from 'vitest'
import { crc32c } from '../../src/common/crc32c.ts'
import { HeapStateBackend } from '../../src/state/heap-state-backend.ts'
import {
  listState,
  type MapState,
  mapState,
  reducingState,
  type ValueState,
  valueState,
} from '../../src/state/state-descriptor.ts'
import { fileOf } from './backend-fixture.ts'

interface Small {
  readonly backend: HeapStateBackend
  readonly value: ValueState<unknown>
  readonly map: MapState<string, number>
}

function createSmall(): Small {
  const range = { first: 0, last: 1 }
  const backend = new HeapStateBackend({ operatorId: 'sum', range, maxParallelism: 2 })
  const value = backend.state('v', valueState<unknown>())
  backend.state('l', listState<number>())
  return { backend, value, map: backend.state('m', mapState<string, number>()) }
}

function smallFile(): Uint8Array {
  const { backend, value, map } = createSmall()
  for (const key of ['a', 1, ['t', 2n]]) {
    backend.setCurrentKey(key)
    value.set({ secret: 'hunter2' })
    map.set('x', 1)
  }
  return fileOf(backend.snapshot())
}

function restoreError(file: Uint8Array): { code?: string; message?: string } {
  try {
    createSmall().backend.restore(file)
  } catch (thrown) {
    return thrown as { code: string; message: string }
  }
  return {}
}

function block(type: number, payload: readonly number[]): number[] {
  const head = Buffer.alloc(5)
  head.writeUInt8(type, 0)
  head.writeUInt32LE(payload.length, 1)
  const crc = Buffer.alloc(4)
  crc.writeUInt32LE(crc32c(Uint8Array.from(payload), crc32c(head)))
  return [...head, ...crc, ...payload]
}

const start = [...Buffer.from('FLINKTSK'), 3, 0, 0, 0]
/** Two key groups, 0 to 1; the states v, l and m. */
const header = block(1, [2, 0, 1, 3, 1, 0x76, 1, 1, 1, 0x6c, 2, 1, 1, 0x6d, 3, 1])

/** The namespace of states that have none. */
const none = [0, 0, 0, 0, 0, 0, 0, 0]

describe('a state file', () => {
  it('has the bytes that version 3 always had', () => {
    const { backend, value } = createSmall()
    backend.setCurrentKey(42)
    value.set('hi')

    // Key group 1 (42 hashes to an odd number) plus 1, state 0, one entry.
    const entries = block(2, [2, 0, 1, ...none, 3, 42, 0, 0, 0, 0x42, 0x68, 0x69])
    const expected = [...start, ...header, ...entries, ...block(4, [2, 1])]
    expect([...fileOf(backend.snapshot())]).toStrictEqual(expected)
  })

  it('has times before the values of states with a time to live', () => {
    const range = { first: 0, last: 1 }
    const options = { operatorId: 'sum', range, maxParallelism: 2, now: () => 1 }
    const backend = new HeapStateBackend(options)
    const ttl = { ms: 100 }
    const value = backend.state('v', valueState<number>({ ttl }))
    const list = backend.state('l', listState<number>({ ttl }))
    const map = backend.state('m', mapState<number, number>({ ttl }))
    const sum = backend.state(
      'r',
      reducingState<number>((one, two) => one + two),
    )
    backend.setCurrentKey(42)
    value.set(2)
    list.add(3)
    map.set(4, 5)
    sum.add(6)

    const states = [
      ...[1, 0x76, 129, 1],
      ...[1, 0x6c, 130, 1],
      ...[1, 0x6d, 131, 1],
      ...[1, 0x72, 4, 1],
    ]
    const key = [3, 42, 0, 0, 0]
    const time = [0, 0, 0, 0, 0, 0, 0xf0, 0x3f]
    const expected = [
      ...start,
      ...block(1, [2, 0, 1, 4, ...states]),
      ...block(2, [2, 0, 1, ...none, ...key, ...time, 0x82]),
      ...block(2, [2, 1, 1, ...none, ...key, 1, ...time, 0x83]),
      ...block(2, [2, 2, 1, ...none, ...key, 1, ...[3, 4, 0, 0, 0], ...time, 0x85]),
      ...block(3, [2, 3, 1, ...none, 1, 42, 1, 6]),
      ...block(4, [5, 4]),
    ]
    expect([...fileOf(backend.snapshot())]).toStrictEqual(expected)
  })

  it.each([
    ['a byte', [7, -128], [1, 7, 128]],
    ['two', [7, -129], [2, 7, 0, 0x7f, 0xff]],
    ['two', [7, 128], [2, 7, 0, 128, 0]],
    ['four', [7, 32_768], [4, 7, 0, 0, 0, 0, 128, 0, 0]],
    ['eight', [0.5, 2], [8, 0, 0, 0, 0, 0, 0, 0xe0, 0x3f, 0, 0, 0, 0, 0, 0, 0, 64]],
  ])('has numbers by column, in %s each', (_, numbers, column) => {
    const range = { first: 0, last: 0 }
    const create = () => {
      const backend = new HeapStateBackend({ operatorId: 'sum', range, maxParallelism: 1 })
      return { backend, value: backend.state('v', valueState<number>()) }
    }
    const { backend, value } = create()
    for (const number of numbers) {
      backend.setCurrentKey(number)
      value.set(number)
    }

    const head = block(1, [1, 0, 0, 1, 1, 0x76, 1, 1])
    const columns = block(3, [1, 0, 2, ...none, ...column, ...column])
    const file = fileOf(backend.snapshot())
    expect([...file]).toStrictEqual([...start, ...head, ...columns, ...block(4, [2, 2])])

    const restored = create()
    restored.backend.restore(file)
    const found = numbers.map((number) => {
      restored.backend.setCurrentKey(number)
      return restored.value.get()
    })
    expect(found).toStrictEqual(numbers)
  })

  it('has entries that were touched while it was written apart, without key group', () => {
    const range = { first: 0, last: 1 }
    const sliceLimits = { bytesMax: 1, slotsMax: 1 }
    const options = { operatorId: 'sum', range, maxParallelism: 2, sliceLimits }
    const backend = new HeapStateBackend(options)
    const value = backend.state('v', valueState<string>())
    backend.setCurrentKey(42)
    value.set('hi')
    const snapshot = backend.snapshot()
    value.set('changed')

    const head = block(1, [2, 0, 1, 1, 1, 0x76, 1, 1])
    const touched = block(2, [0, 0, 1, ...none, 3, 42, 0, 0, 0, 0x42, 0x68, 0x69])
    const expected = [...start, ...head, ...touched, ...block(4, [2, 1])]
    expect([...fileOf(snapshot)]).toStrictEqual(expected)
  })

  it('adds up the elements of a key that occurs again', () => {
    const { backend, map } = createSmall()
    const list = backend.state('l', listState<number>())
    const listBlocks = [0x85, 0x86].map((value) =>
      block(2, [2, 1, 1, ...none, 3, 42, 0, 0, 0, 1, value]),
    )
    const mapBlocks = [0x61, 0x62].map((name) =>
      block(2, [2, 2, 1, ...none, 3, 42, 0, 0, 0, 1, 8, 1, name, 0x87]),
    )
    const blocks = [...listBlocks, ...mapBlocks]
    backend.restore(Uint8Array.from([...start, ...header, ...blocks.flat(), ...block(4, [5, 4])]))
    backend.setCurrentKey(42)

    expect([...list.get()]).toStrictEqual([5, 6])
    expect([...map.entries()]).toStrictEqual([
      ['a', 7],
      ['b', 7],
    ])
  })

  it('is refused wherever it is cut off', () => {
    const file = smallFile()
    for (let length = 0; length < file.length; length += 1) {
      expect(restoreError(file.subarray(0, length)).code).toBe('FLINKTS_CHECKPOINT_CORRUPT')
    }
  })

  it('is refused whichever bit is flipped, and without telling what is in it', () => {
    const file = smallFile()
    for (let bit = 0; bit < file.length * 8; bit += 1) {
      const flipped = file.slice()
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const inVersion = bit >= 64 && bit < 96
      const { code, message } = restoreError(flipped)

      expect(code).toBe(inVersion ? 'FLINKTS_STATE_UNREADABLE' : 'FLINKTS_CHECKPOINT_CORRUPT')
      expect(message).toContain('operator "sum"')
      expect(message).not.toContain('hunter2')
    }
  })

  /** A file of the key group 0 only; 42 is of key group 1. */
  const narrow = [...start, ...block(1, [2, 0, 0, 1, 1, 0x76, 1, 1])]
  /** Of a state whose values have times. */
  const timed = [...start, ...block(1, [2, 0, 1, 1, 1, 0x76, 129, 1])]
  const key42 = [3, 42, 0, 0, 0]
  const end = block(4, [2, 1])
  it.each([
    ['bytes follow its end', [...start, ...header, ...block(4, [1, 0]), 0]],
    ['blocks of it are missing', [...start, ...header, ...block(4, [2, 0])]],
    ['entries of it are missing', [...start, ...header, ...block(4, [1, 1])]],
    ['it has no header', [...start, ...block(4, [1, 0])]],
    ['a block of the type 5', [...start, ...header, ...block(5, [])]],
    ['does not name', [...start, ...header, ...block(2, [3, 0, 0, ...none]), ...end]],
    ['does not name', [...start, ...header, ...block(2, [2, 3, 0, ...none]), ...end]],
    ['wrong key group', [...narrow, ...block(2, [0, 0, 1, ...none, ...key42, 0x81]), ...end]],
    ['does not name', [...start, ...header, ...block(2, [0, 3, 0, ...none]), ...end]],
    [
      'wrong key group',
      [...start, ...header, ...block(2, [1, 0, 1, ...none, ...key42, 0x81]), ...end],
    ],
    [
      'two values',
      [
        ...start,
        ...header,
        ...block(2, [2, 0, 2, ...none, ...key42, 1, ...key42, 1]),
        ...block(4, [2, 2]),
      ],
    ],
    [
      'bytes follow',
      [...start, ...header, ...block(2, [2, 0, 1, ...none, ...key42, 1, 1]), ...end],
    ],
    ['wrong key group', [...narrow, ...block(3, [0, 0, 1, ...none, 1, 42, 1, 1]), ...end]],
    [
      'two values',
      [
        ...start,
        ...header,
        ...block(3, [2, 0, 2, ...none, 1, 42, 42, 1, 1, 1]),
        ...block(4, [2, 2]),
      ],
    ],
    [
      'bytes follow',
      [...start, ...header, ...block(3, [2, 0, 1, ...none, 1, 42, 1, 1, 1]), ...end],
    ],
    ['in place of lists', [...start, ...header, ...block(3, [2, 1, 0, ...none, 1, 1]), ...end]],
    ['lists, maps or times', [...timed, ...block(3, [2, 0, 0, ...none, 1, 1]), ...end]],
  ])('is refused as damaged: %s', (what, bytes) => {
    const { code, message } = restoreError(Uint8Array.from(bytes))

    expect(code).toBe('FLINKTS_CHECKPOINT_CORRUPT')
    expect(message).toContain(what)
  })

  it.each([
    ['the unknown version 4', [...Buffer.from('FLINKTSK'), 4, 0, 0, 0]],
    ['the unknown codec version 2', [...start, ...block(1, [2, 0, 1, 1, 1, 0x76, 1, 2])]],
    ['the unknown width 3', [...start, ...header, ...block(3, [2, 0, 1, ...none, 3]), ...end]],
    ['the unknown kind 6', [...start, ...block(1, [2, 0, 1, 1, 1, 0x76, 6, 1])]],
    ['the unknown kind 134', [...start, ...block(1, [2, 0, 1, 1, 1, 0x76, 134, 1])]],
  ])('of a later release is refused by number: %s', (what, bytes) => {
    const { code, message } = restoreError(Uint8Array.from(bytes))

    expect(code).toBe('FLINKTS_STATE_UNREADABLE')
    expect(message).toContain(what)
  })
})
