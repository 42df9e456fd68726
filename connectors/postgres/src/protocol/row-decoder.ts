import type { Row, PgValue } from '../records/change.ts'
import type { Relation } from '../records/relation.ts'
import type { TypeCatalog } from '../values/type-catalog.ts'
import type { ValueDecoder } from '../values/value-decoder.ts'

/** A row while it is put together. @internal */
export type MutableRow = { [column: string]: PgValue }

/** The columns of a relation, ready for decoding: `decoders[i]` reads `names[i]`. @internal */
export interface RowDecoder {
  readonly names: readonly string[]
  readonly decoders: readonly ValueDecoder[]
}

/** All types of the relation must be known to `types`. @internal */
export function rowDecoder(relation: Relation, types: TypeCatalog): RowDecoder {
  return {
    names: relation.columns.map((column) => column.name),
    decoders: relation.columns.map((column) => types.decoderOf(column.typeOid)),
  }
}

/**
 * Sets a column. A column may have any name: `__proto__` as an assignment would set the prototype.
 *
 * @internal
 */
export function setColumn(row: MutableRow, name: string, value: PgValue): void {
  if (name === '__proto__') {
    Object.defineProperty(row, name, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    })
  } else {
    row[name] = value
  }
}

/** The given columns of a row; undefined if there are none. @internal */
export function pickColumns(row: Row, names: readonly string[]): Row | undefined {
  if (names.length === 0) return undefined
  const picked: MutableRow = {}
  for (const name of names) {
    const value = Object.hasOwn(row, name) ? row[name] : undefined
    if (value !== undefined) setColumn(picked, name, value)
  }
  return picked
}
