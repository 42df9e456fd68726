import { FlinktsError } from '@flinkts/core/connector'
import type { Relation, RelationColumn, ReplicaIdentity } from '../records/relation.ts'
import type { MessageReader } from './message-reader.ts'

const identities: ReadonlyMap<number, ReplicaIdentity> = new Map([
  [0x64, 'default'],
  [0x6e, 'nothing'],
  [0x66, 'full'],
  [0x69, 'index'],
])

/**
 * Reads a relation message behind its tag.
 *
 * @param keyColumnsOf - See `ReplicationOptions.keyColumnsOf`.
 * @throws FlinktsError FLINKTS_POSTGRES_PROTOCOL_VIOLATED
 * @internal
 */
export function readRelation(
  reader: MessageReader,
  keyColumnsOf: (table: string) => readonly string[] | undefined,
): Relation {
  const oid = reader.uint32()
  // pg_catalog is written as the empty string.
  const schema = reader.string() || 'pg_catalog'
  const name = reader.string()
  const table = `${schema}.${name}`
  const replicaIdentity = identities.get(reader.int8())
  if (replicaIdentity === undefined) {
    const message = `the relation "${table}" has an unknown replica identity`
    throw new FlinktsError('FLINKTS_POSTGRES_PROTOCOL_VIOLATED', message)
  }
  const keyColumns = keyColumnsOf(table)
  const count = reader.int16()
  const columns: RelationColumn[] = []
  for (let index = 0; index < count; index++) {
    const identity = (reader.int8() & 1) === 1
    const column = reader.string()
    // With identity full every column is flagged: that is no key.
    const key = keyColumns?.includes(column) ?? (identity && replicaIdentity !== 'full')
    const typeOid = reader.uint32()
    columns.push({ name: column, typeOid, typeModifier: reader.int32(), key, identity })
  }
  return { oid, schema, name, table, replicaIdentity, columns }
}
