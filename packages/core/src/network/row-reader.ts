import { unreachable } from '../common/assert.ts'
import type { BatchFields } from './batch-fields.ts'
import { type FieldKind, fieldKinds } from './record-batch.ts'

/** Takes the fields of a row and puts them together. @internal */
export type RowReader = (fields: BatchFields) => object

/**
 * The reader of the rows of a layout. It is compiled for the layout, which takes a third of the
 * time; where Node runs with `--disallow-code-generation-from-strings`, it is not.
 *
 * @internal
 */
export function createRowReader(names: readonly string[], kinds: readonly FieldKind[]): RowReader {
  try {
    return compile(names, kinds)
  } catch (error) {
    if (error instanceof EvalError) return interpret(names, kinds)
    throw error
  }
}

/** Nothing of a name is code: as a string in JSON, it is a name in an object literal too. */
function compile(names: readonly string[], kinds: readonly FieldKind[]): RowReader {
  const fields = names.map((name, field) => {
    return `${JSON.stringify(name)}: fields.${methodOf(kinds[field] ?? fieldKinds.value)}()`
  })
  // oxlint-disable-next-line typescript/no-implied-eval -- see ADR 9
  return new Function('fields', `return { ${fields.join(', ')} }`) as RowReader
}

function interpret(names: readonly string[], kinds: readonly FieldKind[]): RowReader {
  const methods = kinds.map(methodOf)
  // To copy an object and assign its fields is quicker than to add them one by one.
  const blank = Object.fromEntries(names.map((name): [string, unknown] => [name, undefined]))
  return (fields) => {
    const record = { ...blank }
    for (let field = 0; field < names.length; field += 1) {
      record[names[field] as string] = fields[methods[field] ?? 'value']()
    }
    return record
  }
}

function methodOf(kind: FieldKind): 'value' | 'number' | 'string' | 'numbers' {
  switch (kind) {
    case fieldKinds.value:
      return 'value'
    case fieldKinds.number:
      return 'number'
    case fieldKinds.string:
      return 'string'
    case fieldKinds.numbers:
      return 'numbers'
    default:
      return unreachable(kind)
  }
}
