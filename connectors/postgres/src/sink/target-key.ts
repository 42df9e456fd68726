import { defined, FlinktsError } from '@flinkts/core/connector'
import { quotedTable } from '../catalog/table-catalog.ts'
import { errorProblem, type Problem } from '../catalog/problem.ts'
import type { TargetColumn, TargetTable } from './target-table.ts'

/** Whether there is a unique index of exactly these columns, or, without them, a primary key. */
function columnsOf(
  target: TargetTable,
  key: readonly string[] | undefined,
): readonly string[] | undefined {
  const { uniqueKeys } = target
  if (key === undefined) return uniqueKeys.find(({ primary }) => primary)?.columns
  const found = uniqueKeys.find(
    ({ columns }) => columns.length === key.length && key.every((name) => columns.includes(name)),
  )
  return found?.columns
}

/**
 * The columns by which rows of the table are written and deleted.
 *
 * @param key - Of the options; undefined: the primary key.
 * @throws FlinktsError FLINKTS_POSTGRES_KEY_MISSING
 * @internal
 */
export function targetKey(
  target: TargetTable,
  key: readonly string[] | undefined,
): readonly TargetColumn[] {
  const columns = columnsOf(target, key)
  if (columns === undefined) {
    const { message, hint } = missing(target, key)
    throw new FlinktsError('FLINKTS_POSTGRES_KEY_MISSING', message, { hint })
  }
  return columns.map((name) => {
    return defined(target.columns.get(name), 'the columns of an index are those of its table')
  })
}

/** What keeps rows of the table from being written by key. @internal */
export function targetKeyProblem(
  target: TargetTable,
  key: readonly string[] | undefined,
): Problem | undefined {
  if (columnsOf(target, key) !== undefined) return undefined
  const { message, hint } = missing(target, key)
  return errorProblem('key-missing', 'FLINKTS_POSTGRES_KEY_MISSING', message, hint)
}

function missing(
  { table, uniqueKeys }: TargetTable,
  key: readonly string[] | undefined,
): { readonly message: string; readonly hint: string } {
  const others = uniqueKeys.map(({ columns }) => `(${columns.join(', ')})`).join(' or ')
  const choose = others === '' ? '' : ` Or choose what is there with the option "key": ${others}.`
  if (key === undefined) {
    const message = `table "${table}" has no primary key to write rows by`
    return {
      message,
      hint: `Run "ALTER TABLE ${quotedTable(table)} ADD PRIMARY KEY (…)".${choose}`,
    }
  }
  const names = key.map((name) => `"${name}"`).join(', ')
  return {
    message: `table "${table}" has no unique index of ${names} to write rows by`,
    hint:
      `Run "CREATE UNIQUE INDEX ON ${quotedTable(table)} (${names})"; it must not be partial, ` +
      `nor deferrable.${choose}`,
  }
}
