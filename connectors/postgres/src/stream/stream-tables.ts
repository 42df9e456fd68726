import { FlinktsError } from '@flinkts/core/connector'
import type { Change, ChangeSource, SchemaColumn } from '../records/change.ts'
import type { Relation } from '../records/relation.ts'
import { schemaFingerprint } from '../records/relation.ts'
import type { StreamTable } from '../split.ts'
import type { TypeCatalog } from '../values/type-catalog.ts'

interface KnownTable {
  readonly keyNames: readonly string[]
  /** Fingerprint of the columns that records had last. */
  schema: string
  /** What the connection said last; undefined: nothing yet. */
  relation: Relation | undefined
  /** Whether `relation` differs from `schema`, and no record has said so. */
  changed: boolean
}

/**
 * The tables of the stream and the columns that they have, so that a change of them becomes a
 * record before the first change that has it.
 *
 * @internal
 */
export class StreamTables {
  readonly #types: TypeCatalog
  readonly #tables: ReadonlyMap<string, KnownTable>

  constructor(types: TypeCatalog, tables: readonly StreamTable[]) {
    this.#types = types
    this.#tables = new Map(
      tables.map(({ table, key, schema }) => [
        table,
        { keyNames: key.map(({ name }) => name), schema, relation: undefined, changed: false },
      ]),
    )
  }

  /** The names of a table's key; undefined: it is not a table of the source. */
  keyNamesOf(table: string): readonly string[] | undefined {
    return this.#tables.get(table)?.keyNames
  }

  /** The fingerprint of the columns that records of the table had last. */
  schemaOf(table: string): string {
    return this.#tables.get(table)?.schema ?? ''
  }

  /**
   * Takes note of the columns that a change has.
   *
   * @returns whether the change is of a table of the source.
   * @throws FlinktsError FLINKTS_POSTGRES_KEY_CHANGED
   */
  see(relation: Relation): boolean {
    const known = this.#tables.get(relation.table)
    if (known === undefined) return false
    if (known.relation === relation) return true
    checkKey(relation, known.keyNames)
    known.relation = relation
    known.changed = schemaFingerprint(relation) !== known.schema
    return true
  }

  /** The record that must come before a change of the table, if its columns are new; asked once. */
  takeSchemaChange(source: ChangeSource): Change | undefined {
    const known = this.#tables.get(source.table)
    if (known?.relation === undefined || !known.changed) return undefined
    known.changed = false
    known.schema = schemaFingerprint(known.relation)
    return {
      operation: 'schema',
      before: undefined,
      after: undefined,
      key: undefined,
      unchanged: undefined,
      source,
      schema: this.#columnsOf(known.relation),
    }
  }

  #columnsOf(relation: Relation): readonly SchemaColumn[] {
    return relation.columns.map(({ name, typeOid, typeModifier, key }) => ({
      name,
      type: this.#types.nameOf(typeOid, typeModifier),
      key,
    }))
  }
}

/** Old rows must hold the key, or deletes could not say which row they mean. */
function checkKey(relation: Relation, keyNames: readonly string[]): void {
  const held = relation.columns.filter((column) => column.identity).map((column) => column.name)
  if (keyNames.every((name) => held.includes(name))) return
  throw new FlinktsError(
    'FLINKTS_POSTGRES_KEY_CHANGED',
    `the key of table "${relation.table}" was (${keyNames.join(', ')}); its replica identity is ` +
      `now (${held.join(', ')})`,
    {
      hint: 'Undo the change of the key, or drop the slot and start afresh with a new snapshot.',
    },
  )
}
