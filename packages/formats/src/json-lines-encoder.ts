import type { ByteBuffer } from './byte-buffer.ts'
import type { RecordEncoder } from './format.ts'
import { encodeJson } from './json.ts'
import type { JsonEncoding } from './json.ts'
import { JsonWriter } from './json-writer.ts'

const LINE_FEED = 0x0a

/** Writes a record as one line. @internal */
export class JsonLinesEncoder<In> implements RecordEncoder<In> {
  readonly #encoding: JsonEncoding
  readonly #writer: JsonWriter

  constructor(encoding: JsonEncoding) {
    this.#encoding = encoding
    this.#writer = new JsonWriter(encoding)
  }

  encode(record: In, out: ByteBuffer): void {
    if (this.#writer.write(record, out)) out.appendByte(LINE_FEED)
    else out.appendLine(encodeJson(record, this.#encoding))
  }

  finish(): void {}
}
