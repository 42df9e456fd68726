/**
 * Keys: their canonical bytes, key groups, and identity.
 *
 * Key encoding, version 1, for ever (key groups are made of it). A key is a tag and what follows:
 *
 *   01 false · 02 true
 *   03 integer of 32 bits: int32
 *   04 other integer of a magnitude below 2^53: float64
 *   05 any other number but NaN: float64
 *   06 bigint >= 0, 07 bigint < 0: varint of the length of the magnitude, its bytes
 *   08 string: varint of the length of its UTF-8 form, the form
 *   09 string with a lone surrogate, which has no UTF-8 form: varint of its length, UTF-16 units
 *   0a tuple: varint of the number of elements, the elements
 *
 * All little endian; magnitudes without leading zeros. Equal keys have equal bytes, unequal keys
 * unequal bytes: 1 and 1n differ, -0 is 0.
 */
import { Buffer } from 'node:buffer'
import { assert } from '../common/assert.ts'
import { FlinktsError } from '../common/errors.ts'
import { ByteReader, unreadable } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'
import { finishHash, mixBlock, mixTail, murmur3 } from './murmur3.ts'

/**
 * What can be a key: a primitive, or a tuple of keys (nested up to eight deep). NaN cannot. Tuples
 * are equal if their elements are.
 *
 * @public
 */
export type Key = string | number | bigint | boolean | readonly Key[]

/** Key groups `first` to `last`, both inclusive. @internal */
export interface KeyGroupRange {
  readonly first: number
  readonly last: number
}

/** Whether a key group is in a range. @internal */
export function inRange(keyGroup: number, range: KeyGroupRange): boolean {
  return keyGroup >= range.first && keyGroup <= range.last
}

/**
 * A key as a primitive: equal keys, and only they, have the same identity in a `Map`.
 *
 * @internal
 */
export type KeyIdentity = string | number | bigint | boolean

/** The largest `maxParallelism`. @public */
export const maxParallelismLimit = 32_768

/**
 * The key group of a key, from 0 (inclusive) to `maxParallelism` (exclusive): murmur3 of its
 * canonical bytes. Allocates nothing for numbers and ASCII strings below 128
 * characters. `operatorId` is for the error.
 *
 * @throws FlinktsError FLINKTS_KEY_INVALID
 * @internal
 */
export function keyGroupOf(key: Key, maxParallelism: number, operatorId: string): number {
  return keyGroupOfHash(keyHash(key, operatorId), maxParallelism)
}

/** The key group of the keys with this `keyHash`. @internal */
export function keyGroupOfHash(hash: number, maxParallelism: number): number {
  const mask = maxParallelism - 1
  // A division takes several times as long.
  return (maxParallelism & mask) === 0 ? hash & mask : (hash >>> 0) % maxParallelism
}

/**
 * The hash of a key, of which its key group is made.
 *
 * @returns a signed 32-bit integer, which the runtime stores without an object.
 * @throws FlinktsError FLINKTS_KEY_INVALID
 * @internal
 */
export function keyHash(key: Key, operatorId: string): number {
  if (typeof key === 'number') {
    if ((key | 0) === key) return hashOfInt32(key)
    if (Number.isNaN(key)) throw invalidKey(key, operatorId)
    return hashOfFloat64(key)
  }
  if (typeof key === 'string') {
    const hash = hashOfShortAscii(key)
    if (hash >= 0) return hash | 0
  }
  return murmur3(scratchBytes(key, operatorId)) | 0
}

/** The subtask, of `parallelism`, that owns a key group. @internal */
export function subtaskOfKeyGroup(
  keyGroup: number,
  maxParallelism: number,
  parallelism: number,
): number {
  return Math.floor((keyGroup * parallelism) / maxParallelism)
}

/**
 * The key groups that a subtask owns; `subtask` from 0 (inclusive) to `parallelism` (exclusive).
 * @internal
 */
export function keyGroupRange(
  subtask: number,
  parallelism: number,
  maxParallelism: number,
): KeyGroupRange {
  assert(maxParallelism >= 1 && maxParallelism <= maxParallelismLimit, 'maxParallelism is off')
  assert(parallelism >= 1 && parallelism <= maxParallelism, 'parallelism is off')
  assert(subtask >= 0 && subtask < parallelism, 'a subtask is not below the parallelism')
  return {
    first: Math.ceil((subtask * maxParallelism) / parallelism),
    last: Math.floor(((subtask + 1) * maxParallelism - 1) / parallelism),
  }
}

/**
 * The identity of a key. A primitive is its own, but strings that start with U+0000 are escaped, to
 * leave room for those of tuples: their bytes as characters.
 *
 * @throws FlinktsError FLINKTS_KEY_INVALID
 * @internal
 */
export function keyIdentity(key: Key, operatorId: string): KeyIdentity {
  switch (typeof key) {
    case 'string':
      return key.charCodeAt(0) === 0 ? stringMark + key : key
    case 'number':
      if (Number.isNaN(key)) throw invalidKey(key, operatorId)
      return key === 0 ? 0 : key
    case 'bigint':
    case 'boolean':
      return key
    default:
      return tupleMark + Buffer.from(scratchBytes(key, operatorId)).toString('latin1')
  }
}

/** Which of two keys comes first: any order, but the same everywhere. @internal */
export function compareIdentities(one: KeyIdentity, other: KeyIdentity): number {
  if (typeof one !== typeof other) return typeof one < typeof other ? -1 : 1
  if (one === other) return 0
  return one < other ? -1 : 1
}

/** The key that has this identity. @internal */
export function keyOfIdentity(identity: KeyIdentity): Key {
  if (typeof identity !== 'string' || identity.charCodeAt(0) !== 0) return identity
  if (identity.startsWith(stringMark)) return identity.slice(stringMark.length)
  return readKey(new ByteReader(Buffer.from(identity.slice(tupleMark.length), 'latin1')))
}

/**
 * Writes the canonical bytes of a key.
 *
 * @throws FlinktsError FLINKTS_KEY_INVALID
 * @internal
 */
export function writeKey(out: ByteWriter, key: Key, operatorId: string): void {
  writeElement(out, key, operatorId, 0)
}

/**
 * Reads what `writeKey` wrote.
 *
 * @throws FlinktsError FLINKTS_STATE_UNREADABLE
 * @internal
 */
export function readKey(bytes: ByteReader, depth = 0): Key {
  const tag = bytes.uint8()
  switch (tag) {
    case falseTag:
    case trueTag:
      return tag === trueTag
    case int32Tag:
      return bytes.int32()
    case integerTag:
    case doubleTag:
      return bytes.float64()
    case bigintTag:
      return bytes.magnitude()
    case negativeBigintTag:
      return -bytes.magnitude()
    case stringTag:
      return bytes.utf8()
    case illFormedStringTag:
      return bytes.utf16()
    case tupleTag:
      return readTuple(bytes, depth)
    default:
      throw unreadable(`the stored bytes hold a key of the unknown type ${tag}`)
  }
}

const falseTag = 0x01
const trueTag = 0x02
const int32Tag = 0x03
const integerTag = 0x04
const doubleTag = 0x05
const bigintTag = 0x06
const negativeBigintTag = 0x07
const stringTag = 0x08
const illFormedStringTag = 0x09
const tupleTag = 0x0a

const keyDepthMax = 8
const stringMark = '\0s'
const tupleMark = '\0t'

/** Used by one call at a time, and never across calls. */
const scratch = new ByteWriter(256)

function scratchBytes(key: Key, operatorId: string): Uint8Array {
  scratch.truncate(0)
  writeKey(scratch, key, operatorId)
  return scratch.written()
}

/** The `keyHash` of an integer of 32 bits: murmur3 over its five bytes. @internal */
export function hashOfInt32(key: number): number {
  const hash = mixBlock(0, int32Tag | (key << 8))
  return finishHash(mixTail(hash, key >>> 24), 5) | 0
}

/** murmur3 over the nine bytes of a number that is no integer of 32 bits. */
function hashOfFloat64(key: number): number {
  float64[0] = key
  const low = float64Words[lowWord] as number
  const high = float64Words[1 - lowWord] as number
  const first = mixBlock(0, (Number.isSafeInteger(key) ? integerTag : doubleTag) | (low << 8))
  const second = mixBlock(first, (low >>> 24) | (high << 8))
  return finishHash(mixTail(second, high >>> 24), 9) | 0
}

const float64 = new Float64Array(1)
const float64Words = new Int32Array(float64.buffer)
/** Which of two words the runtime keeps the low half of a number in: 2 ** -1074 has only that. */
const lowWord = new Int32Array(new Float64Array([5e-324]).buffer)[0] === 1 ? 0 : 1

/** murmur3 over the bytes of a string of up to 127 ASCII characters; -1 for any other string. */
function hashOfShortAscii(key: string): number {
  const length = key.length
  if (length > 127) return -1
  let hash = 0
  let block = stringTag | (length << 8)
  let shift = 16
  let all = 0
  for (let i = 0; i < length; i += 1) {
    const unit = key.charCodeAt(i)
    all |= unit
    block |= unit << shift
    shift += 8
    if (shift === 32) {
      hash = mixBlock(hash, block)
      block = 0
      shift = 0
    }
  }
  if (all > 0x7f) return -1
  return finishHash(mixTail(hash, block), length + 2)
}

function writeElement(out: ByteWriter, key: Key, operatorId: string, depth: number): void {
  switch (typeof key) {
    case 'string':
      writeString(out, key)
      return
    case 'number':
      if (Number.isNaN(key)) throw invalidKey(key, operatorId)
      writeNumber(out, key)
      return
    case 'bigint':
      out.uint8(key < 0n ? negativeBigintTag : bigintTag)
      out.magnitude(key < 0n ? -key : key)
      return
    case 'boolean':
      out.uint8(key ? trueTag : falseTag)
      return
    default:
      if (!Array.isArray(key) || depth === keyDepthMax) throw invalidKey(key, operatorId)
      out.uint8(tupleTag)
      out.varint(key.length)
      for (const element of key as readonly Key[]) {
        writeElement(out, element, operatorId, depth + 1)
      }
  }
}

function writeString(out: ByteWriter, key: string): void {
  if (key.isWellFormed()) {
    out.uint8(stringTag)
    out.utf8(key)
    return
  }
  out.uint8(illFormedStringTag)
  out.utf16(key)
}

/** `key` is not NaN. */
function writeNumber(out: ByteWriter, key: number): void {
  if ((key | 0) === key) {
    out.uint8(int32Tag)
    out.int32(key)
    return
  }
  out.uint8(Number.isSafeInteger(key) ? integerTag : doubleTag)
  out.float64(key)
}

function readTuple(bytes: ByteReader, depth: number): Key {
  if (depth === keyDepthMax) throw unreadable('the stored bytes hold a key that is nested too deep')
  const count = bytes.count(1)
  const elements: Key[] = []
  for (let i = 0; i < count; i += 1) elements.push(readKey(bytes, depth + 1))
  return elements
}

function invalidKey(key: unknown, operatorId: string): FlinktsError {
  return new FlinktsError(
    'FLINKTS_KEY_INVALID',
    `operator "${operatorId}" was given ${describe(key)} as a key or as a part of a key`,
    {
      hint:
        'Let the key be a string, a number other than NaN, a bigint, a boolean, or an array of ' +
        'these. For an object, use the field that identifies it, or an array of such fields.',
    },
  )
}

function describe(key: unknown): string {
  if (key === null || key === undefined) return String(key)
  if (typeof key === 'number') return 'NaN'
  if (Array.isArray(key)) return `an array nested deeper than ${keyDepthMax}`
  return `a value of type "${typeof key}"`
}
