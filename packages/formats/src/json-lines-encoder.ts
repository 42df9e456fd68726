import type { ByteBuffer } from './byte-buffer.ts'
import type { RecordEncoder } from './format.ts'
import { encodeJson } from './json.ts'
import type { JsonEncoding } from './json.ts'

/** Writes a record as one line. @internal */
export class JsonLinesEncoder<In> implements RecordEncoder<In> {
  readonly #encoding: JsonEncoding

  constructor(encoding: JsonEncoding) {
    this.#encoding = encoding
  }

  encode(record: In, out: ByteBuffer): void {
    out.appendLine(encodeJson(record, this.#encoding))
  }

  finish(): void {}
}
