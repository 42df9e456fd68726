/**
 * Which columns of the old row go into the WAL (`pg_class.relreplident`): those of the primary key
 * (`default`), none, all, or those of a chosen index. @internal
 */
export type ReplicaIdentity = 'default' | 'nothing' | 'full' | 'index'

/** A column of a relation. @internal */
export interface RelationColumn {
  readonly name: string
  readonly typeOid: number
  /** `pg_attribute.atttypmod`: the length of a varchar, the digits of a numeric …; -1: none. */
  readonly typeModifier: number
  /** Whether the column belongs to the key that records carry. */
  readonly key: boolean
  /** Whether old rows in the stream hold the column. */
  readonly identity: boolean
}

/**
 * A table as one transaction sees it. Immutable: a change of the table makes a new object, so that
 * a consumer notices a change of schema by identity and then compares.
 *
 * @internal
 */
export interface Relation {
  readonly oid: number
  readonly schema: string
  readonly name: string
  /** `schema.name`, unquoted: how records and options name the table. */
  readonly table: string
  readonly replicaIdentity: ReplicaIdentity
  /** The columns that are published, in the order of the table. */
  readonly columns: readonly RelationColumn[]
}

/**
 * A value that differs if and only if names, types or the key of the columns differ; fit for being
 * kept in a checkpoint. @internal
 */
export function schemaFingerprint(relation: Relation): string {
  const columns = relation.columns.map((column) => [
    column.name,
    column.typeOid,
    column.typeModifier,
    column.key,
  ])
  return JSON.stringify(columns)
}

/** The identifier quoted for SQL. @internal */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/**
 * The string quoted as an SQL literal, safe whatever `standard_conforming_strings` is.
 *
 * @internal
 */
export function quoteLiteral(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`
  return quoted.includes('\\') ? ` E${quoted.replaceAll('\\', '\\\\')}` : quoted
}
