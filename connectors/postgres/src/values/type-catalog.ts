import { defined } from '@flinkts/core/connector'
import { arrayDecoder } from './array-decoder.ts'
import { builtInTypes, jsonbOid, jsonOid } from './built-in-types.ts'
import { decodeJson, decodeText } from './scalar-decoders.ts'
import type { ValueDecoder } from './value-decoder.ts'

/** How values are read. @internal */
export interface TypeOptions {
  /** `text`: json and jsonb stay their exact text; `parse`: numbers in them become doubles. */
  readonly json: 'text' | 'parse'
}

/** A type as `pg_type` has it. @internal */
export interface PgType {
  readonly oid: number
  /** As Postgres writes it, with the schema unless it is `pg_catalog`: `integer`, `public.mood`. */
  readonly name: string
  /** The type that a domain is over. */
  readonly baseOid: number | undefined
  /** The type of the elements of an array. */
  readonly elementOid: number | undefined
  /** What separates values of this type in an array: `,`, for `box` `;`. */
  readonly delimiter: string
}

/** What `TypeCatalog.load` needs of a connection. @internal */
export interface TypeSource {
  query(
    sql: string,
    parameters?: readonly (string | null)[],
  ): Promise<readonly Readonly<Record<string, string | null>>[]>
}

/**
 * Knows the types of one database and how to read their values. Shared by the connections to it;
 * lives as long as the process, so that a type which changes under the same OID (an array's
 * element, a domain's base) cannot happen: Postgres has no such statement.
 *
 * @internal
 */
export class TypeCatalog {
  readonly #types = new Map<number, PgType>()
  readonly #decoders = new Map<number, ValueDecoder>()

  constructor(options: TypeOptions = { json: 'text' }) {
    for (const { oid, arrayOid, name, decode } of builtInTypes) {
      this.#add({ oid, name, baseOid: undefined, elementOid: undefined, delimiter: ',' })
      this.#add({
        oid: arrayOid,
        name: `${name}[]`,
        baseOid: undefined,
        elementOid: oid,
        delimiter: ',',
      })
      const parsed = options.json === 'parse' && (oid === jsonOid || oid === jsonbOid)
      this.#decoders.set(oid, parsed ? decodeJson : decode)
    }
  }

  /** Undefined: not known yet, `load` it. */
  get(oid: number): PgType | undefined {
    return this.#types.get(oid)
  }

  /** Those of `oids` that are not known yet, each once. */
  missing(oids: readonly number[]): readonly number[] {
    return [...new Set(oids)].filter((oid) => !this.#types.has(oid))
  }

  /**
   * Reads types, and those that they are made of, from the catalog of the database. A type that no
   * longer exists (dropped after the change that used it) is noted as text.
   *
   * @throws FlinktsError as `PostgresClient.query`
   */
  async load(source: TypeSource, oids: readonly number[]): Promise<void> {
    const missing = this.missing(oids)
    if (missing.length === 0) return
    const rows = await source.query(typesQuery, [`{${missing.join(',')}}`])
    for (const row of rows) {
      this.#add({
        oid: Number(row['oid']),
        name: row['name'] ?? '',
        baseOid: oidOrUndefined(row['base_oid']),
        elementOid: oidOrUndefined(row['element_oid']),
        delimiter: row['delimiter'] ?? ',',
      })
    }
    for (const oid of this.missing(missing)) {
      const name = `dropped type ${oid}`
      this.#add({ oid, name, baseOid: undefined, elementOid: undefined, delimiter: ',' })
    }
  }

  /** How values of a known type are read. */
  decoderOf(oid: number): ValueDecoder {
    const known = this.#decoders.get(oid)
    if (known !== undefined) return known
    const decoder = this.#makeDecoder(defined(this.#types.get(oid), 'a type was not loaded'))
    this.#decoders.set(oid, decoder)
    return decoder
  }

  /**
   * The type of a column as Postgres writes it: `numeric(10,2)`, `character varying(20)[]`.
   *
   * @param modifier - `pg_attribute.atttypmod`; -1: none.
   */
  nameOf(oid: number, modifier: number): string {
    const type = defined(this.#types.get(oid), 'a type was not loaded')
    if (modifier === -1) return type.name
    const { elementOid } = type
    if (elementOid !== undefined) return `${this.nameOf(elementOid, modifier)}[]`
    const digits = modifierText(oid, modifier)
    const [first = '', ...rest] = type.name.split(' ')
    // "timestamp(3) with time zone", but "character varying(20)".
    return rest.includes('time')
      ? [`${first}${digits}`, ...rest].join(' ')
      : `${type.name}${digits}`
  }

  #add(type: PgType): void {
    this.#types.set(type.oid, type)
  }

  #makeDecoder(type: PgType): ValueDecoder {
    if (type.baseOid !== undefined) return this.decoderOf(type.baseOid)
    if (type.elementOid === undefined) return decodeText
    const element = defined(this.#types.get(type.elementOid), 'an element type was not loaded')
    return arrayDecoder(this.decoderOf(element.oid), element.delimiter)
  }
}

const numericOid = 1700
const lengthOids: ReadonlySet<number> = new Set([1042, 1043])
const bitOids: ReadonlySet<number> = new Set([1560, 1562])
const secondsOids: ReadonlySet<number> = new Set([1083, 1114, 1184, 1266])
/** Lengths and digits are stored with the size of a length word added. */
const modifierOffset = 4

/** What `format_type` puts in parentheses; nothing for types whose modifiers are rare. */
function modifierText(oid: number, modifier: number): string {
  if (lengthOids.has(oid)) return `(${modifier - modifierOffset})`
  if (bitOids.has(oid) || secondsOids.has(oid)) return `(${modifier})`
  if (oid !== numericOid) return ''
  const packed = modifier - modifierOffset
  // The scale is a signed number of 11 bits since Postgres 15.
  const scale = ((packed & 0x7ff) ^ 0x400) - 0x400
  return `(${(packed >> 16) & 0xffff},${scale})`
}

function oidOrUndefined(text: string | null | undefined): number | undefined {
  return text === null || text === undefined || text === '0' ? undefined : Number(text)
}

/** True arrays are told by their output function: int2vector also has elements, but no braces. */
const typesQuery = `
  with recursive wanted as (
    select t.oid from pg_catalog.pg_type t where t.oid = any ($1::oid[])
    union
    select part.oid from wanted w
    join pg_catalog.pg_type t on t.oid = w.oid
    cross join lateral (values (t.typbasetype),
      (case when t.typoutput = 'pg_catalog.array_out'::regproc then t.typelem else 0 end)) part(oid)
    where part.oid <> 0
  )
  select t.oid, pg_catalog.format_type(t.oid, null) as name, t.typdelim as delimiter,
    case when t.typtype = 'd' then t.typbasetype end as base_oid,
    case when t.typoutput = 'pg_catalog.array_out'::regproc and t.typtype <> 'd'
      then t.typelem end as element_oid
  from wanted w join pg_catalog.pg_type t on t.oid = w.oid`
