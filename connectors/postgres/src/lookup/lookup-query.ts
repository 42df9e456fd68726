import { FlinktsError, defined } from '@flinkts/core/connector'
import type { PostgresClient, SqlRow } from '../client.ts'
import { quotedTable } from '../catalog/table-catalog.ts'
import { setColumn } from '../protocol/row-decoder.ts'
import type { MutableRow } from '../protocol/row-decoder.ts'
import type { Row } from '../records/change.ts'
import { quoteIdentifier } from '../records/relation.ts'
import type { ValueDecoder } from '../values/value-decoder.ts'
import { quotedItem, type ValueEncoder } from '../values/value-encoder.ts'

/** A column that is compared. @internal */
export interface KeyColumn {
  readonly name: string
  /** The name of its type, quoted and with its schema. */
  readonly type: string
  /** What separates values of the type in an array. */
  readonly delimiter: string
  readonly encode: ValueEncoder
}

/** A column that is read. @internal */
export interface FoundColumn {
  readonly name: string
  readonly decode: ValueDecoder
}

/** @internal */
export interface LookupQueryParts {
  readonly table: string
  readonly key: readonly KeyColumn[]
  readonly columns: readonly FoundColumn[]
  readonly rowsPerKeyMax: number
}

/** The values of the key's columns, as Postgres's text. @internal */
export type KeyValues = readonly string[]

/**
 * One query for many keys. Each is looked up by itself (`LATERAL … LIMIT`), so an index on the key
 * is used whatever the planner thinks of the number of keys, and a key with very many rows costs no
 * more than its limit.
 *
 * @internal
 */
export class LookupQuery {
  readonly sql: string
  readonly key: readonly KeyColumn[]
  readonly #parts: LookupQueryParts

  constructor(parts: LookupQueryParts) {
    this.#parts = parts
    this.key = parts.key
    this.sql = statementOf(parts)
  }

  /** The rows of each key, in the order of `keys`; one more than the limit if there are more. */
  async run(client: PostgresClient, keys: readonly KeyValues[]): Promise<readonly Row[][]> {
    const found = keys.map((): Row[] => [])
    for (const row of await client.query(this.sql, this.#parameters(keys))) {
      const rows = defined(found[Number(row['n']) - 1], 'a row belongs to a key')
      rows.push(this.#rowOf(row))
    }
    return found
  }

  /** The key columns' values, each an array over all keys. */
  #parameters(keys: readonly KeyValues[]): readonly string[] {
    return this.key.map(({ delimiter }, index) => {
      const values = keys.map((key) => quotedItem(key[index] ?? ''))
      return `{${values.join(delimiter)}}`
    })
  }

  #rowOf(found: SqlRow): Row {
    const row: MutableRow = {}
    for (const [index, { name, decode }] of this.#parts.columns.entries()) {
      const text = found[`c${index}`] ?? null
      setColumn(row, name, text === null ? null : decoded(text, decode))
    }
    return row
  }
}

function statementOf({ table, key, columns, rowsPerKeyMax }: LookupQueryParts): string {
  const arrays = key.map(({ type }, index) => `$${index + 1}::${type}[]`)
  const names = key.map((_, index) => `k${index}`)
  const equal = key.map(({ name }, index) => `t.${quoteIdentifier(name)} = k.k${index}`)
  const selected = columns.map(({ name }, index) => `t.${quoteIdentifier(name)} AS c${index}`)
  const found = columns.map((_, index) => `r.c${index}`)
  return `SELECT k.n, ${found.join(', ')}
    FROM unnest(${arrays.join(', ')}) WITH ORDINALITY AS k(${names.join(', ')}, n)
    CROSS JOIN LATERAL (
      SELECT ${selected.join(', ')} FROM ${quotedTable(table)} t
      WHERE ${equal.join(' AND ')} LIMIT ${rowsPerKeyMax + 1}
    ) r`
}

function decoded(text: string, decode: ValueDecoder): Row[string] {
  const bytes = Buffer.from(text)
  return decode(bytes, 0, bytes.length)
}

/** A key has more rows than the option allows. @internal */
export function tooManyRows(
  { table, rowsPerKeyMax }: Pick<LookupQueryParts, 'table' | 'rowsPerKeyMax'>,
  key: KeyValues,
): FlinktsError {
  return new FlinktsError(
    'FLINKTS_POSTGRES_LOOKUP_TOO_LARGE',
    `table "${table}" has more than ${rowsPerKeyMax} rows for the key ${JSON.stringify(key)}`,
    { hint: 'Raise "rowsPerKeyMax", or name more columns in "key".' },
  )
}
