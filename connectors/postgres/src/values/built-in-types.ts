import {
  decodeAscii,
  decodeBigint,
  decodeBoolean,
  decodeBytes,
  decodeFloat,
  decodeInteger,
  decodeText,
} from './scalar-decoders.ts'
import { decodeDate, decodeTimestamp, decodeTimestampTz } from './date-time-decoders.ts'
import type { ValueDecoder } from './value-decoder.ts'

/** A type whose OID is the same in every database (`pg_type.dat` of Postgres). @internal */
export interface BuiltInType {
  readonly oid: number
  /** The OID of the array of this type. */
  readonly arrayOid: number
  /** As `format_type` writes it. */
  readonly name: string
  readonly decode: ValueDecoder
}

/** @internal */
export const jsonOid = 114
/** @internal */
export const jsonbOid = 3802

/** Those that tables have every day; the catalog of the database knows the others. @internal */
export const builtInTypes: readonly BuiltInType[] = [
  { oid: 16, arrayOid: 1000, name: 'boolean', decode: decodeBoolean },
  { oid: 17, arrayOid: 1001, name: 'bytea', decode: decodeBytes },
  { oid: 18, arrayOid: 1002, name: '"char"', decode: decodeText },
  { oid: 19, arrayOid: 1003, name: 'name', decode: decodeText },
  { oid: 20, arrayOid: 1016, name: 'bigint', decode: decodeBigint },
  { oid: 21, arrayOid: 1005, name: 'smallint', decode: decodeInteger },
  { oid: 23, arrayOid: 1007, name: 'integer', decode: decodeInteger },
  { oid: 25, arrayOid: 1009, name: 'text', decode: decodeText },
  { oid: 26, arrayOid: 1028, name: 'oid', decode: decodeInteger },
  { oid: jsonOid, arrayOid: 199, name: 'json', decode: decodeText },
  { oid: 700, arrayOid: 1021, name: 'real', decode: decodeFloat },
  { oid: 701, arrayOid: 1022, name: 'double precision', decode: decodeFloat },
  { oid: 1042, arrayOid: 1014, name: 'character', decode: decodeText },
  { oid: 1043, arrayOid: 1015, name: 'character varying', decode: decodeText },
  { oid: 1082, arrayOid: 1182, name: 'date', decode: decodeDate },
  { oid: 1083, arrayOid: 1183, name: 'time without time zone', decode: decodeAscii },
  { oid: 1114, arrayOid: 1115, name: 'timestamp without time zone', decode: decodeTimestamp },
  { oid: 1184, arrayOid: 1185, name: 'timestamp with time zone', decode: decodeTimestampTz },
  { oid: 1186, arrayOid: 1187, name: 'interval', decode: decodeAscii },
  { oid: 1266, arrayOid: 1270, name: 'time with time zone', decode: decodeAscii },
  { oid: 1700, arrayOid: 1231, name: 'numeric', decode: decodeAscii },
  { oid: 2950, arrayOid: 2951, name: 'uuid', decode: decodeAscii },
  { oid: jsonbOid, arrayOid: 3807, name: 'jsonb', decode: decodeText },
]
