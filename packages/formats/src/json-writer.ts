import { Buffer } from 'node:buffer'
import { ByteWords } from './byte-buffer.ts'
import type { ByteBuffer } from './byte-buffer.ts'
import { DEPTH_MAX, type JsonEncoding, textOfBytes } from './json.ts'

/** Names of fields that are kept ready: enough, unless data is used as names. */
const NAMES_MAX = 4096

/** Numbers below are written without making them a string. */
const DIGITS_LIMIT = 2 ** 31

const NO_WORDS = new ByteWords(new Uint8Array())

/** Inherits what all objects inherit. */
const NO_FIELDS: object = {}

const COMMA = 0x2c
const BRACKET_OPEN = 0x5b
const BRACKET_CLOSE = 0x5d
const BRACE_OPEN = 0x7b
const BRACE_CLOSE = 0x7d

/**
 * Writes what `encodeJson` returns, straight into a buffer: the quick way for plain values.
 * Whatever needs a closer look it leaves to `encodeJson`.
 *
 * @internal
 */
export class JsonWriter {
  readonly #encoding: JsonEncoding
  readonly #names = new Map<string, FieldName>()
  /** The names of the last record's fields in their order: most records are alike. */
  readonly #lastNames: FieldName[] = []
  #fieldIndex = 0

  constructor(encoding: JsonEncoding) {
    this.#encoding = encoding
  }

  /**
   * Appends the value. False: it is for `encodeJson`, which may refuse it, and `out` is as it was.
   */
  write(value: unknown, out: ByteBuffer): boolean {
    // Somebody gave fields to all objects: `for in` would write them.
    for (const _name in NO_FIELDS) return false
    this.#fieldIndex = 0
    const before = out.length
    let written = false
    try {
      written = this.#value(value, out, 0)
    } finally {
      if (!written) out.truncate(before)
    }
    return written
  }

  #value(value: unknown, out: ByteBuffer, depth: number): boolean {
    switch (typeof value) {
      case 'string':
        out.appendJsonString(value)
        return true
      case 'number':
        return writeNumber(value, out)
      case 'boolean':
        out.appendAscii(value ? 'true' : 'false')
        return true
      case 'bigint':
        if (this.#encoding.bigints === 'string') out.appendJsonString(String(value))
        else writeBigint(value, out)
        return true
      case 'object':
        return this.#object(value, out, depth + 1)
      default:
        return false
    }
  }

  #object(value: object | null, out: ByteBuffer, depth: number): boolean {
    if (value === null) {
      out.appendAscii('null')
      return true
    }
    if (depth > DEPTH_MAX) return false
    if (isPlain(value)) return this.#fields(value, out, depth)
    if (Array.isArray(value)) return this.#elements(value, out, depth)
    if (!(value instanceof Uint8Array)) return false
    out.appendJsonString(textOfBytes(value, this.#encoding))
    return true
  }

  #fields(value: object, out: ByteBuffer, depth: number): boolean {
    const fields = value as Readonly<Record<string, unknown>>
    const start = out.length
    for (const name in fields) {
      const field = fields[name]
      if (field === undefined) continue
      const known = this.#name(name)
      out.appendWords(known)
      if (typeof field === 'string') writeText(field, known, out)
      else if (typeof field !== 'object') {
        if (!this.#value(field, out, depth)) return false
      } else if (!this.#objectField(field, known, out, depth)) return false
    }
    // Every name comes with a comma before it: the first becomes the bracket.
    if (out.length === start) out.appendByte(BRACE_OPEN)
    else out.replaceByte(start, BRACE_OPEN)
    out.appendByte(BRACE_CLOSE)
    return true
  }

  /** Records that share an object which never changes need it written once. */
  #objectField(field: object | null, name: FieldName, out: ByteBuffer, depth: number): boolean {
    if (field !== null && field === name.constant) {
      out.appendWords(name.constantJson)
      return true
    }
    const start = out.length
    if (!this.#object(field, out, depth + 1)) return false
    if (field === name.lastObject && isConstant(field)) {
      name.constant = field
      name.constantJson = new ByteWords(out.copy(start))
    }
    name.lastObject = field
    return true
  }

  #elements(elements: readonly unknown[], out: ByteBuffer, depth: number): boolean {
    out.appendByte(BRACKET_OPEN)
    for (let index = 0; index < elements.length; index += 1) {
      if (index > 0) out.appendByte(COMMA)
      const element = elements[index]
      if (!this.#value(element === undefined ? null : element, out, depth)) return false
    }
    out.appendByte(BRACKET_CLOSE)
    return true
  }

  #name(name: string): FieldName {
    const index = this.#fieldIndex
    this.#fieldIndex = index + 1
    const last = this.#lastNames[index]
    if (last !== undefined && last.name === name) return last
    const known = this.#names.get(name) ?? this.#learn(name)
    if (index <= this.#lastNames.length && index < NAMES_MAX) this.#lastNames[index] = known
    return known
  }

  #learn(name: string): FieldName {
    const field = new FieldName(name)
    if (this.#names.size < NAMES_MAX) this.#names.set(name, field)
    return field
  }
}

/** `,"name":` in UTF-8. */
class FieldName extends ByteWords {
  readonly name: string
  /** Whether the last text of this name had to be escaped: the next one is likely to. */
  escaped = false
  /** The last object of this name. */
  lastObject: object | null = null
  /** An object of this name that cannot change, and what it is in JSON. */
  constant: object | null = null
  constantJson = NO_WORDS

  constructor(name: string) {
    super(Buffer.from(`,${JSON.stringify(name)}:`))
    this.name = name
  }
}

/** Also an object with a field called `constructor` is one, found the long way. */
function isPlain(value: object): boolean {
  return value.constructor === Object || Object.getPrototypeOf(value) === Object.prototype
}

function isConstant(value: object | null): boolean {
  if (value === null || !Object.isFrozen(value)) return false
  const fields = Object.values(Object.getOwnPropertyDescriptors(value))
  return fields.every((field) => 'value' in field && typeof field.value !== 'object')
}

function writeText(text: string, name: FieldName, out: ByteBuffer): void {
  if (!name.escaped && out.tryAppendJsonString(text)) return
  const json = JSON.stringify(text)
  name.escaped = json.length > text.length + 2
  out.appendText(json)
}

/** False: it has no JSON form. */
function writeNumber(value: number, out: ByteBuffer): boolean {
  if ((value | 0) === value && value >= 0) out.appendDigits(value)
  else if (Number.isFinite(value)) out.appendAscii(String(value))
  else return false
  return true
}

function writeBigint(value: bigint, out: ByteBuffer): void {
  // As a double it is exact where it is below the limit.
  const number = Number(value)
  if (number >= 0 && number < DIGITS_LIMIT) out.appendDigits(number)
  else out.appendAscii(String(value))
}
