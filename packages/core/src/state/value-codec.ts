/**
 * The default codec of values, version 1: self-describing, so stored values can be read without the
 * job, and fields can come and go. A value is a tag and what follows:
 *
 *   00 undefined · 01 null · 02 false · 03 true
 *   04 integer >= 0: varint · 05 integer < 0: varint of -1 - value   (magnitude below 2^53)
 *   06 any other number, also -0 and NaN: float64
 *   07 bigint >= 0, 08 bigint < 0: varint of the length of the magnitude, its bytes
 *   09 string: varint of the length of its UTF-8 form, the form
 *   0a string with a lone surrogate: varint of its length, UTF-16 units
 *   0b Uint8Array, 0c Buffer: varint of the length, the bytes
 *   0d Date: float64, milliseconds
 *   0e array: varint of the length, the elements · 0f Set: the same
 *   10 Map: varint of the size, key and value in turn
 *   11 object, 12 object without prototype, of a new shape: varint of the number of fields, their
 *      names (strings as above, with tags), the values in the same order
 *   13 object of a known shape: varint of the number of the shape, the values
 *   40-5f string of up to 31 ASCII characters: the characters
 *   60-7f object of one of the first 32 shapes: the values
 *   80-ff integer from 0 to 127
 *
 * All little endian. Shapes are numbered from 0 in the order in which they appear in a session (a
 * block of a file); after 1024 of them new ones get no number. Of objects, the own enumerable
 * properties with string names count; holes of arrays are read as undefined; a value that is
 * referenced twice is stored twice.
 */
import { Buffer } from 'node:buffer'
import { type ErrorCode, FlinktsError } from '../common/errors.ts'
import { type ByteReader, unreadable } from './byte-reader.ts'
import type { ByteWriter } from './byte-writer.ts'
import { findUnserializable } from './unserializable.ts'

/** The version of the codec, stored with what it wrote. @internal */
export const valueCodecVersion = 1

/** How deep values may be nested; a cycle is deeper. @internal */
const valueDepthMax = 100

/** Where values that cannot be written come from, for the error. @internal */
export interface ValueOwner {
  readonly code: ErrorCode
  /** Names what holds the values: `state "total" of operator "sum"`. */
  readonly name: string
}

/** Writes values into `out`: one session. @internal */
export class ValueWriter {
  readonly #out: ByteWriter
  readonly #owner: ValueOwner
  readonly #plainShapes: ShapeNode = createNode()
  readonly #bareShapes: ShapeNode = createNode()
  #shapeCount = 0
  /** Objects repeat in an order: every shape remembers which one came after it. */
  #lastShape: Shape = { number: -1, names: [], bare: false, following: undefined }
  #root: unknown = undefined

  /** `owner`: what holds the values; that of state by its name. */
  constructor(out: ByteWriter, owner: string | ValueOwner) {
    this.#out = out
    this.#owner =
      typeof owner === 'string' ? { code: 'FLINKTS_STATE_UNSERIALIZABLE', name: owner } : owner
  }

  /**
   * Writes one value. The session cannot be used any more after an error, which names the place in
   * `root`: what the value is a part of.
   *
   * @throws FlinktsError with the code of the owner; of state, FLINKTS_STATE_UNSERIALIZABLE
   */
  write(value: unknown, root: unknown = value): void {
    this.#root = root
    this.#value(value, 0)
    this.#root = undefined
  }

  #value(value: unknown, depth: number): void {
    switch (typeof value) {
      case 'string':
        this.#string(value)
        return
      case 'number':
        this.#number(value)
        return
      case 'object':
        if (value === null) this.#out.uint8(tags.null)
        else this.#object(value, depth)
        return
      case 'boolean':
        this.#out.uint8(value ? tags.true : tags.false)
        return
      case 'undefined':
        this.#out.uint8(tags.undefined)
        return
      case 'bigint':
        this.#out.uint8(value < 0n ? tags.negativeBigint : tags.bigint)
        this.#out.magnitude(value < 0n ? -value : value)
        return
      default:
        throw this.#unserializable()
    }
  }

  #string(value: string): void {
    const out = this.#out
    const length = value.length
    if (length < shortCount) {
      const start = out.length
      out.uint8(shortStringTag | length)
      if (out.ascii(value)) return
      out.truncate(start)
    }
    if (value.isWellFormed()) {
      out.uint8(tags.string)
      out.utf8(value)
      return
    }
    out.uint8(tags.illFormedString)
    out.utf16(value)
  }

  #number(value: number): void {
    const out = this.#out
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
      out.uint8(tags.double)
      out.float64(value)
    } else if (value < 0) {
      out.uint8(tags.negativeInteger)
      out.varint(-1 - value)
    } else if (value < smallIntegerCount) {
      out.uint8(smallIntegerTag | value)
    } else {
      out.uint8(tags.integer)
      out.varint(value)
    }
  }

  #object(value: object, depth: number): void {
    if (depth === valueDepthMax) throw this.#unserializable()
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype === Object.prototype) this.#fields(value, false, depth)
    else if (prototype === Array.prototype) this.#array(value as readonly unknown[], depth)
    else if (prototype === null) this.#fields(value, true, depth)
    else this.#builtin(value, prototype, depth)
  }

  #array(value: readonly unknown[], depth: number): void {
    this.#out.uint8(tags.array)
    this.#out.varint(value.length)
    for (let i = 0; i < value.length; i += 1) this.#value(value[i], depth + 1)
  }

  #builtin(value: object, prototype: unknown, depth: number): void {
    const out = this.#out
    if (prototype === Date.prototype) {
      out.uint8(tags.date)
      out.float64((value as Date).getTime())
    } else if (prototype === Map.prototype) {
      out.uint8(tags.map)
      out.varint((value as Map<unknown, unknown>).size)
      for (const [key, element] of value as Map<unknown, unknown>) {
        this.#value(key, depth + 1)
        this.#value(element, depth + 1)
      }
    } else if (prototype === Set.prototype) {
      out.uint8(tags.set)
      out.varint((value as Set<unknown>).size)
      for (const element of value as Set<unknown>) this.#value(element, depth + 1)
    } else if (prototype === Uint8Array.prototype || prototype === Buffer.prototype) {
      out.uint8(prototype === Buffer.prototype ? tags.buffer : tags.bytes)
      out.varint((value as Uint8Array).length)
      out.bytes(value as Uint8Array)
    } else {
      throw this.#unserializable()
    }
  }

  #fields(value: object, bare: boolean, depth: number): void {
    const names = Object.keys(value)
    const shape = this.#shapeOf(names, bare)
    const out = this.#out
    if (shape === undefined) {
      out.uint8(bare ? tags.newBareShape : tags.newShape)
      out.varint(names.length)
      for (const name of names) this.#string(name)
    } else if (shape.number < shortCount) {
      out.uint8(shortShapeTag | shape.number)
    } else {
      out.uint8(tags.knownShape)
      out.varint(shape.number)
    }
    const fields = value as Readonly<Record<string, unknown>>
    for (let i = 0; i < names.length; i += 1) this.#value(fields[names[i] as string], depth + 1)
  }

  /** The shape, if it has a number already; otherwise it gets one. */
  #shapeOf(names: readonly string[], bare: boolean): Shape | undefined {
    const last = this.#lastShape
    const guess = last.following
    if (guess !== undefined && guess.bare === bare && sameNames(guess.names, names)) {
      this.#lastShape = guess
      return guess
    }
    let node = bare ? this.#bareShapes : this.#plainShapes
    for (const name of names) node = nodeBelow(node, name)
    const known = node.shape
    if (known === undefined) {
      if (this.#shapeCount === shapeCountMax) return undefined
      node.shape = { number: this.#shapeCount, names, bare, following: undefined }
      this.#shapeCount += 1
    }
    last.following = node.shape
    this.#lastShape = node.shape ?? last
    return known
  }

  #unserializable(): FlinktsError {
    const found = findUnserializable(this.#root, valueDepthMax)
    return new FlinktsError(
      this.#owner.code,
      `${this.#owner.name} holds ${found.what}${found.path === '' ? '' : ` at "${found.path}"`}`,
      {
        hint:
          'Keep plain data only: primitives, Date, bigint, Uint8Array, arrays, plain objects, ' +
          'Map and Set. Turn class instances into plain objects, and break cycles by ids.',
      },
    )
  }
}

/** Reads what one `ValueWriter` wrote, in the same order. @internal */
export class ValueReader {
  readonly #bytes: ByteReader
  readonly #shapes: ReadShape[] = []

  constructor(bytes: ByteReader) {
    this.#bytes = bytes
  }

  /** @throws FlinktsError FLINKTS_STATE_UNREADABLE */
  read(): unknown {
    return this.#value(0)
  }

  #value(depth: number): unknown {
    const bytes = this.#bytes
    const tag = bytes.uint8()
    if (tag >= smallIntegerTag) return tag - smallIntegerTag
    if (tag >= shortShapeTag) return this.#known(tag - shortShapeTag, depth)
    if (tag >= shortStringTag) return bytes.ascii(tag - shortStringTag)
    if (tag <= tags.true) return constants[tag]
    return tag >= tags.array ? this.#container(tag, depth) : this.#scalar(tag)
  }

  #scalar(tag: number): unknown {
    const bytes = this.#bytes
    switch (tag) {
      case tags.integer:
        return bytes.varint()
      case tags.negativeInteger:
        return -1 - bytes.varint()
      case tags.double:
        return bytes.float64()
      case tags.bigint:
        return bytes.magnitude()
      case tags.negativeBigint:
        return -bytes.magnitude()
      case tags.string:
        return bytes.utf8()
      case tags.illFormedString:
        return bytes.utf16()
      case tags.bytes:
        return new Uint8Array(bytes.copy(bytes.varint()).buffer)
      case tags.buffer:
        return bytes.copy(bytes.varint())
      default:
        return new Date(bytes.float64())
    }
  }

  #container(tag: number, depth: number): unknown {
    if (depth === valueDepthMax) throw unreadable('the stored bytes hold a value nested too deep')
    const bytes = this.#bytes
    switch (tag) {
      case tags.array:
        return this.#elements(bytes.count(1), depth)
      case tags.set:
        return new Set(this.#elements(bytes.count(1), depth))
      case tags.map:
        return this.#map(bytes.count(2), depth)
      case tags.newShape:
      case tags.newBareShape:
        return this.#fields(this.#shape(tag === tags.newBareShape), depth)
      case tags.knownShape:
        return this.#known(bytes.varint(), depth)
      default:
        throw unreadable(`the stored bytes hold a value of the unknown type ${tag}`)
    }
  }

  #elements(count: number, depth: number): unknown[] {
    const elements: unknown[] = []
    for (let i = 0; i < count; i += 1) elements.push(this.#value(depth + 1))
    return elements
  }

  #map(count: number, depth: number): Map<unknown, unknown> {
    const map = new Map<unknown, unknown>()
    for (let i = 0; i < count; i += 1) {
      const key = this.#value(depth + 1)
      map.set(key, this.#value(depth + 1))
    }
    return map
  }

  #shape(bare: boolean): ReadShape {
    const count = this.#bytes.count(1)
    const names: string[] = []
    for (let i = 0; i < count; i += 1) {
      const name = this.#value(valueDepthMax)
      if (typeof name !== 'string') throw unreadable('the stored bytes hold a wrong field name')
      names.push(name)
    }
    const shape = { names, bare, special: names.includes('__proto__') }
    if (this.#shapes.length < shapeCountMax) this.#shapes.push(shape)
    return shape
  }

  #known(number: number, depth: number): unknown {
    const shape = this.#shapes[number]
    if (shape === undefined) throw unreadable(`the stored bytes miss the object shape ${number}`)
    if (depth === valueDepthMax) throw unreadable('the stored bytes hold a value nested too deep')
    return this.#fields(shape, depth)
  }

  #fields(shape: ReadShape, depth: number): unknown {
    const fields = (shape.bare ? Object.create(null) : {}) as Record<string, unknown>
    for (const name of shape.names) {
      const value = this.#value(depth + 1)
      if (shape.special) define(fields, name, value)
      else fields[name] = value
    }
    return fields
  }
}

const tags = {
  undefined: 0x00,
  null: 0x01,
  false: 0x02,
  true: 0x03,
  integer: 0x04,
  negativeInteger: 0x05,
  double: 0x06,
  bigint: 0x07,
  negativeBigint: 0x08,
  string: 0x09,
  illFormedString: 0x0a,
  bytes: 0x0b,
  buffer: 0x0c,
  date: 0x0d,
  array: 0x0e,
  set: 0x0f,
  map: 0x10,
  newShape: 0x11,
  newBareShape: 0x12,
  knownShape: 0x13,
} as const

const shortStringTag = 0x40
const shortShapeTag = 0x60
const shortCount = 0x20
const smallIntegerTag = 0x80
const smallIntegerCount = 0x80
const shapeCountMax = 1024

/** The values of the first four tags. */
// oxlint-disable-next-line unicorn/no-null -- values of users may be null
const constants: readonly unknown[] = [undefined, null, false, true]

/** The names of the fields of an object, in order. */
interface Shape {
  readonly number: number
  readonly names: readonly string[]
  /** Without prototype. */
  readonly bare: boolean
  following: Shape | undefined
}

/** A shape as the reader needs it; `special`: a field is named `__proto__`. */
interface ReadShape {
  readonly names: readonly string[]
  readonly bare: boolean
  readonly special: boolean
}

/** A step of the way from no fields to a shape, one name a step. */
interface ShapeNode {
  shape: Shape | undefined
  readonly below: Map<string, ShapeNode>
}

function createNode(): ShapeNode {
  return { shape: undefined, below: new Map() }
}

function nodeBelow(node: ShapeNode, name: string): ShapeNode {
  const found = node.below.get(name)
  if (found !== undefined) return found
  const created = createNode()
  node.below.set(name, created)
  return created
}

function sameNames(left: readonly string[], right: readonly string[]): boolean {
  if (left.length !== right.length) return false
  for (let i = 0; i < left.length; i += 1) if (left[i] !== right[i]) return false
  return true
}

/** Sets a field whatever its name; an assignment to `__proto__` would set the prototype. */
function define(fields: object, name: string, value: unknown): void {
  Object.defineProperty(fields, name, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  })
}
