import type { JsonValue, KitValues, ValueKind } from '@flinkts/testkit'
import type { Row } from '../../src/index.ts'

/** How the drivers for the conformance kit hold values, without the connector. */

/** The type of the column of each kind, and what is in it when nothing was written. */
const columns: readonly (readonly [kind: ValueKind, type: string, otherwise: string])[] = [
  ['bigint', 'int8', '7'],
  ['decimal', 'numeric(38, 9)', '7'],
  ['double', 'float8', '7'],
  ['boolean', 'bool', 'true'],
  ['date', 'date', "'2007-07-07'"],
  ['timestamp', 'timestamptz', "'2007-07-07'"],
  ['bytes', 'bytea', String.raw`'\x07'`],
  ['nested', 'jsonb', "'7'"],
]

/** All that a table can hold. */
export const valueKinds: readonly ValueKind[] = columns.map(([kind]) => kind)

/** The columns of a source. */
export const valueColumns: string = columns.map(([kind, type]) => `"${kind}" ${type}`).join(', ')

/** The columns of a target: a null that was left out shows as something else. */
export const defaultedColumns: string = columns
  .map(([kind, type, otherwise]) => `"${kind}" ${type} DEFAULT ${otherwise}`)
  .join(', ')

/** An expression for the values of a row, as the plain driver reads JSON. */
export const valuesAsJson: string = `jsonb_build_object('bigint', "bigint"::text,
  'decimal', "decimal"::text, 'double', "double"::text, 'boolean', "boolean",
  'date', "date"::text, 'bytes', encode("bytes", 'hex'), 'nested', "nested",
  'timestamp', to_char("timestamp" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))`

/** What the expression gives. */
export interface JsonValues extends Omit<KitValues, 'bigint' | 'double' | 'bytes'> {
  readonly bigint: string | null
  readonly double: string | null
  readonly bytes: string | null
}

export function fromJson({ bigint, double, bytes, ...values }: JsonValues): KitValues {
  return {
    ...values,
    bigint: bigint === null ? null : BigInt(bigint),
    double: double === null ? null : Number(double),
    bytes: bytes === null ? null : Buffer.from(bytes, 'hex'),
  }
}

/** The same values as parameters of the plain driver, which takes arrays for those of Postgres. */
export function parametersOf(values: KitValues = {}): object {
  const { nested } = values
  return nested === undefined ? values : { ...values, nested: asJson(nested) }
}

function asJson(nested: KitValues['nested']): string | null {
  return nested === null ? null : JSON.stringify(nested)
}

/** The values of a row of the source: JSON is text there, and so are NaN and the infinities. */
export function valuesOf(row: Row): KitValues {
  const values = Object.fromEntries(valueKinds.map((kind) => [kind, row[kind]])) as KitValues
  const { double, nested } = row
  return {
    ...values,
    ...(typeof double === 'string' ? { double: Number(double) } : {}),
    ...(typeof nested === 'string' ? { nested: JSON.parse(nested) as JsonValue } : {}),
  }
}
