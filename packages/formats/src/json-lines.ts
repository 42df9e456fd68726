import { FlinktsError } from '@flinkts/core/connector'
import type { DecodeRange, Format, RecordDecoder, RecordEncoder } from './format.ts'
import { JsonLinesDecoder } from './json-lines-decoder.ts'
import { JsonLinesEncoder } from './json-lines-encoder.ts'
import type { JsonEncoding } from './json.ts'

const MEBIBYTE = 1024 * 1024
const LINE_BYTES_MAX = 16 * MEBIBYTE
// Beyond this V8 cannot make a string of a line.
const LINE_BYTES_LIMIT = 256 * MEBIBYTE

/**
 * Options of `jsonLines`.
 *
 * @public
 */
export interface JsonLinesOptions<T> extends JsonEncoding {
  /**
   * Turns a decoded line into a record, or throws: the place for a schema, `parse: Order.parse`.
   * Without it a line is taken for a `T` unchecked.
   */
  readonly parse?: (value: unknown) => T
  /**
   * The longest line that is read, in bytes without its separator; 1 to 256 MiB, default 16 MiB.
   */
  readonly lineBytesMax?: number
}

/**
 * JSON lines (newline-delimited JSON): one JSON value a line, UTF-8, `\n` (`\r\n` is read too).
 * Blank lines and a byte order mark are skipped. See the README for how each kind of value is
 * written and read.
 *
 * @throws FlinktsError FLINKTS_OPTION_INVALID
 * @public
 */
export function jsonLines<T = unknown>(options: JsonLinesOptions<T> = {}): Format<T> {
  checkOptions(options)
  const encoding = Object.freeze({ ...options })
  const lineBytesMax = options.lineBytesMax ?? LINE_BYTES_MAX
  const parse = options.parse ?? ((value: unknown): T => value as T)
  return Object.freeze({
    name: 'json-lines',
    fileExtension: '.jsonl',
    splittable: true,
    createEncoder: (): RecordEncoder<T> => new JsonLinesEncoder(encoding),
    createDecoder: (range: DecodeRange): RecordDecoder<T> =>
      new JsonLinesDecoder(range, { parse, lineBytesMax }),
  })
}

const choices = { bigints: ['number', 'string'], bytes: ['base64', 'hex'] } as const

function checkOptions<T>(options: JsonLinesOptions<T>): void {
  for (const name of ['bigints', 'bytes'] as const) {
    const value = options[name]
    const valid: readonly string[] = choices[name]
    if (value !== undefined && !valid.includes(value)) {
      throw invalid(name, value, `Use one of: ${valid.join(', ')}.`)
    }
  }
  const lineBytesMax = options.lineBytesMax ?? LINE_BYTES_MAX
  if (!Number.isInteger(lineBytesMax) || lineBytesMax < 1 || lineBytesMax > LINE_BYTES_LIMIT) {
    throw invalid('lineBytesMax', lineBytesMax, `Use a whole number from 1 to ${LINE_BYTES_LIMIT}.`)
  }
  if (options.parse !== undefined && typeof options.parse !== 'function') {
    throw invalid('parse', options.parse, 'Use a function that takes the value of a line.')
  }
}

function invalid(name: string, value: unknown, hint: string): FlinktsError {
  const message = `option "${name}" of jsonLines cannot be ${String(value)}`
  return new FlinktsError('FLINKTS_OPTION_INVALID', message, { hint })
}
