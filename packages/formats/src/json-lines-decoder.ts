import { Buffer, isAscii, isUtf8 } from 'node:buffer'
import { assert, FlinktsError } from '@flinkts/core/connector'
import type { DecodedRecord, DecodeRange, RecordDecoder } from './format.ts'
import { decodeJson, hasLongDigitRun, reasonOf } from './json.ts'

const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf])
const EXCERPT_LENGTH_MAX = 60
const EMPTY: Buffer = Buffer.alloc(0)

/** How a line becomes a record. @internal */
export interface LineParsing<Out> {
  readonly parse: (value: unknown) => Out
  readonly lineBytesMax: number
}

/**
 * Finds the lines of a byte range and parses them. A range that does not start at 0 begins at the
 * first line that starts at or after its start; whether the start is one, the byte before it tells.
 *
 * @internal
 */
export class JsonLinesDecoder<Out> implements RecordDecoder<Out> {
  readonly readFrom: number
  readonly #range: DecodeRange
  readonly #parsing: LineParsing<Out>
  #finished: boolean
  /** Dropping bytes up to the first line of the range. */
  #skipping: boolean
  /** The bytes pushed last, and the same as text if they are all ASCII. */
  #chunk: Buffer = EMPTY
  #ascii: string | undefined
  #longDigits = false
  /** Where in the chunk the next byte to look at is. */
  #cursor = 0
  /** Offset in the file of the line that begins or goes on at the cursor. */
  #lineStart: number
  /** The bytes of that line in the chunks before. */
  #partial: Buffer[] = []
  #partialBytes = 0
  #ended = false

  constructor(range: DecodeRange, parsing: LineParsing<Out>) {
    assert(
      range.start >= 0 && range.start <= range.position && range.start <= range.end,
      'a decoder got a range out of order',
    )
    this.#range = range
    this.#parsing = parsing
    this.#skipping = range.position === range.start && range.start > 0
    this.readFrom = this.#skipping ? range.position - 1 : range.position
    this.#lineStart = this.readFrom
    this.#finished = range.position >= range.end
  }

  get finished(): boolean {
    return this.#finished
  }

  push(bytes: Uint8Array): void {
    assert(this.#cursor === this.#chunk.length && !this.#ended, 'a decoder got bytes out of turn')
    this.#chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#cursor = 0
    this.#ascii = isAscii(this.#chunk) ? this.#chunk.toString('latin1') : undefined
    this.#longDigits = hasLongDigitRun(this.#chunk, 0, this.#chunk.length)
  }

  pushEnd(): void {
    this.#ended = true
  }

  next(): DecodedRecord<Out> | undefined {
    while (!this.#finished) {
      const lineFeed = this.#chunk.indexOf(LINE_FEED, this.#cursor)
      if (lineFeed === -1) return this.#lineEndIsMissing()
      const end = this.#lineStart + this.#partialBytes + (lineFeed + 1 - this.#cursor)
      const record = this.#skipping ? undefined : this.#takeLine(lineFeed, end)
      this.#skipping = false
      this.#cursor = lineFeed + 1
      this.#lineStart = end
      this.#finished = end >= this.#range.end
      if (record !== undefined) return record
    }
    // What is left in the chunk belongs to another range.
    this.#cursor = this.#chunk.length
    return undefined
  }

  /** The chunk has no line feed any more: keeps what it has of a line, or takes the last line. */
  #lineEndIsMissing(): DecodedRecord<Out> | undefined {
    const rest = this.#chunk.subarray(this.#cursor)
    this.#cursor = this.#chunk.length
    if (this.#skipping) {
      this.#lineStart += rest.length
    } else if (rest.length > 0) {
      this.#checkLength(this.#partialBytes + rest.length, this.#parsing.lineBytesMax + 1)
      this.#partial.push(rest)
      this.#partialBytes += rest.length
    }
    if (!this.#ended) return undefined
    this.#finished = true
    const end = this.#lineStart + this.#partialBytes
    return this.#skipping ? undefined : this.#takeLine(this.#cursor, end)
  }

  /**
   * The line from the kept bytes and the chunk up to `to` (exclusive); `undefined`: it is blank.
   */
  #takeLine(to: number, end: number): DecodedRecord<Out> | undefined {
    if (this.#partialBytes === 0 && this.#lineStart > 0) {
      return this.#takeLineOfChunk(to, end)
    }
    const line = Buffer.concat([...this.#partial, this.#chunk.subarray(this.#cursor, to)])
    this.#partial = []
    this.#partialBytes = 0
    const marked = this.#lineStart === 0 && line.subarray(0, 3).equals(BYTE_ORDER_MARK)
    return this.#decodeBytes(marked ? line.subarray(3) : line, end)
  }

  #takeLineOfChunk(to: number, end: number): DecodedRecord<Out> | undefined {
    const from = this.#cursor
    if (this.#ascii === undefined || this.#longDigits) {
      return this.#decodeBytes(this.#chunk.subarray(from, to), end)
    }
    const length = to > from && this.#chunk[to - 1] === CARRIAGE_RETURN ? to - 1 - from : to - from
    this.#checkLength(length, this.#parsing.lineBytesMax)
    const text = this.#ascii.slice(from, from + length)
    return isBlank(text) ? undefined : this.#decodeText(text, end, JSON.parse)
  }

  #decodeBytes(bytes: Buffer, end: number): DecodedRecord<Out> | undefined {
    const line = bytes.at(-1) === CARRIAGE_RETURN ? bytes.subarray(0, -1) : bytes
    this.#checkLength(line.length, this.#parsing.lineBytesMax)
    if (!isUtf8(line)) throw this.#undecodable('it is not UTF-8', line.toString('latin1'))
    const text = line.toString('utf8')
    return isBlank(text) ? undefined : this.#decodeText(text, end, decodeJson)
  }

  #decodeText(text: string, end: number, decode: (text: string) => unknown): DecodedRecord<Out> {
    try {
      return { value: this.#parsing.parse(decode(text)), start: this.#lineStart, end }
    } catch (cause) {
      throw this.#undecodable(reasonOf(cause), text, cause)
    }
  }

  #checkLength(length: number, max: number): void {
    if (length <= max) return
    const reason = `it is longer than ${this.#parsing.lineBytesMax} bytes`
    throw this.#undecodable(
      reason,
      this.#partial[0]?.toString('latin1', 0, EXCERPT_LENGTH_MAX) ?? '',
    )
  }

  #undecodable(reason: string, line: string, cause?: unknown): FlinktsError {
    const where = `file "${this.#range.name}" at byte ${this.#lineStart}`
    const excerpt =
      line.length > EXCERPT_LENGTH_MAX ? `${line.slice(0, EXCERPT_LENGTH_MAX)}…` : line
    return new FlinktsError(
      'FLINKTS_RECORD_UNDECODABLE',
      `line of ${where} is not a record: ${reason}: ${JSON.stringify(excerpt)}`,
      {
        hint:
          'Correct or remove the line. If lines are longer than the limit, raise ' +
          '"lineBytesMax" of jsonLines.',
        cause,
      },
    )
  }
}

function isBlank(text: string): boolean {
  const first = text.charCodeAt(0)
  // NaN: the text is empty. Most lines begin with a brace: one look at them is enough.
  return first > 0x20 ? false : text.trim() === ''
}
