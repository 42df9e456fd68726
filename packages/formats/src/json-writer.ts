import { Buffer } from 'node:buffer'
import type { ByteBuffer } from './byte-buffer.ts'
import { DEPTH_MAX, type JsonEncoding, textOfBytes } from './json.ts'

/** Names of fields that are kept ready: enough, unless data is used as names. */
const NAMES_MAX = 4096

/** Numbers below are written without making them a string. */
const DIGITS_LIMIT = 2n ** 31n

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
  /** `"name":` in UTF-8, by name. */
  readonly #names = new Map<string, Uint8Array>()

  constructor(encoding: JsonEncoding) {
    this.#encoding = encoding
  }

  /**
   * Appends the value. False: it is for `encodeJson`, which may refuse it, and `out` is as it was.
   */
  write(value: unknown, out: ByteBuffer): boolean {
    // Somebody gave fields to all objects: `for in` would write them.
    if (Object.keys(Object.prototype).length > 0) return false
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
    if (Object.getPrototypeOf(value) === Object.prototype) return this.#fields(value, out, depth)
    if (Array.isArray(value)) return this.#elements(value, out, depth)
    if (!(value instanceof Uint8Array)) return false
    out.appendJsonString(textOfBytes(value, this.#encoding))
    return true
  }

  #fields(value: object, out: ByteBuffer, depth: number): boolean {
    const fields = value as Readonly<Record<string, unknown>>
    let separator = BRACE_OPEN
    for (const name in fields) {
      const field = fields[name]
      if (field === undefined) continue
      out.appendByte(separator)
      separator = COMMA
      this.#name(name, out)
      if (!this.#value(field, out, depth)) return false
    }
    if (separator === BRACE_OPEN) out.appendByte(BRACE_OPEN)
    out.appendByte(BRACE_CLOSE)
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

  #name(name: string, out: ByteBuffer): void {
    let text = this.#names.get(name)
    if (text === undefined) {
      text = Buffer.from(`${JSON.stringify(name)}:`)
      if (this.#names.size < NAMES_MAX) this.#names.set(name, text)
    }
    out.appendShort(text)
  }
}

/** False: it has no JSON form. */
function writeNumber(value: number, out: ByteBuffer): boolean {
  if ((value | 0) === value && value >= 0) out.appendDigits(value)
  else if (Number.isFinite(value)) out.appendAscii(String(value))
  else return false
  return true
}

function writeBigint(value: bigint, out: ByteBuffer): void {
  if (value >= 0n && value < DIGITS_LIMIT) out.appendDigits(Number(value))
  else out.appendAscii(String(value))
}
