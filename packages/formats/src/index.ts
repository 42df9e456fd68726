/** Encoders and decoders over bytes, for connectors and jobs. */
export { ByteBuffer, StoragePool } from './byte-buffer.ts'
export type {
  DecodedRecord,
  DecodeRange,
  Format,
  ReadFormat,
  RecordDecoder,
  RecordEncoder,
  WriteFormat,
} from './format.ts'
export { decodeJson, encodeJson } from './json.ts'
export type { JsonEncoding } from './json.ts'
export { jsonLines } from './json-lines.ts'
export type { JsonLinesOptions } from './json-lines.ts'
