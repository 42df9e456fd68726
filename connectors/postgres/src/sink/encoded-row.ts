import { FlinktsError } from '@flinkts/core/connector'
import { kindOf } from '../values/value-encoder.ts'
import { writableColumn } from './target-table.ts'
import type { TargetColumn, TargetTable } from './target-table.ts'

/** Postgres's text of a value; null is SQL's null. @internal */
export type ValueText = string | null

/**
 * The texts of the values that a row brings; adds their columns to `columns`.
 *
 * @throws FlinktsError FLINKTS_POSTGRES_COLUMN_INVALID, FLINKTS_POSTGRES_VALUE_INVALID
 * @internal
 */
export function encodeRow(row: object, target: TargetTable, columns: TargetColumn[]): ValueText[] {
  const values = row as Readonly<Record<string, unknown>>
  const texts: ValueText[] = []
  for (const name of Object.keys(values)) {
    const value = values[name]
    if (value === undefined) continue
    const column = writableColumn(target, name)
    texts.push(encodeValue(target, column, value))
    columns.push(column)
  }
  return texts
}

/** @throws FlinktsError FLINKTS_POSTGRES_VALUE_INVALID @internal */
export function encodeValue(target: TargetTable, column: TargetColumn, value: unknown): ValueText {
  if (value === null) return null
  const text = column.encode(value)
  if (text !== undefined) return text
  const what = `column "${column.name}" of table "${target.table}", ${column.type},`
  throw new FlinktsError('FLINKTS_POSTGRES_VALUE_INVALID', `${what} cannot hold ${kindOf(value)}`, {
    hint: 'Map the field to what the column holds with the option "columns" or "write".',
  })
}
