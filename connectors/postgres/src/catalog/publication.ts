import type { Logger } from '@flinkts/core/connector'
import type { PostgresClient } from '../client.ts'
import type { Problem } from './problem.ts'
import { quoteIdentifier, quoteLiteral } from '../records/relation.ts'
import { quotedTable } from './table-catalog.ts'

/** A publication as the catalog describes it. @internal */
export interface PublicationDescription {
  readonly allTables: boolean
  /** Whether inserts, updates, deletes and truncates are all published. */
  readonly complete: boolean
  /** Whether the role has the rights of the owner. */
  readonly owned: boolean
  /** `schema.name` */
  readonly tables: readonly string[]
}

/** The publication as it is now; undefined: there is none of that name. @internal */
export async function readPublication(
  client: PostgresClient,
  publication: string,
): Promise<PublicationDescription | undefined> {
  const name = quoteLiteral(publication)
  const [row] = await client.query(`
    SELECT puballtables, pubinsert AND pubupdate AND pubdelete AND pubtruncate AS complete,
      pg_has_role(pubowner, 'USAGE') AS owned
    FROM pg_publication WHERE pubname = ${name}`)
  if (row === undefined) return undefined
  const tables = await client.query(`
    SELECT schemaname, tablename FROM pg_publication_tables WHERE pubname = ${name}
    ORDER BY schemaname, tablename`)
  return {
    allTables: row['puballtables'] === 't',
    complete: row['complete'] === 't',
    owned: row['owned'] === 't',
    tables: tables.map((table) => `${table['schemaname']}.${table['tablename']}`),
  }
}

/** What a publication must be. @internal */
export interface PublicationTarget {
  readonly publication: string
  /** `schema.name` */
  readonly tables: readonly string[]
  /** Whether the source creates and alters it. */
  readonly managed: boolean
}

/** What is wrong with the publication and will not be put right at the start. @internal */
export function publicationProblems(
  found: PublicationDescription | undefined,
  target: PublicationTarget,
): readonly Problem[] {
  if (found === undefined) {
    if (target.managed) return []
    const message = `publication "${target.publication}" does not exist`
    return [incomplete('publication-missing', message, createStatement(target))]
  }
  const problems: Problem[] = []
  const missing = target.tables.filter((table) => !found.tables.includes(table))
  if (missing.length > 0 && !(target.managed && found.owned)) {
    const message = `publication "${target.publication}" lacks ${listOf(missing)}`
    problems.push(incomplete('publication-lacks-tables', message, addStatement(target, missing)))
  }
  if (!found.complete) {
    const message = `publication "${target.publication}" does not publish all kinds of changes`
    problems.push(incomplete('publication-lacks-changes', message, publishStatement(target)))
  }
  const extra = found.tables.filter((table) => !target.tables.includes(table))
  if (found.allTables || extra.length > 0) problems.push(tooWide(target, found, extra))
  return problems
}

function incomplete(code: string, message: string, statement: string): Problem {
  return {
    severity: 'error',
    code,
    errorCode: 'FLINKTS_POSTGRES_PUBLICATION_INCOMPLETE',
    message,
    hint: `As its owner, run "${statement}".`,
  }
}

function tooWide(
  target: PublicationTarget,
  found: PublicationDescription,
  extra: readonly string[],
): Problem {
  const what = found.allTables ? 'all tables' : listOf(extra)
  return {
    severity: 'warning',
    code: 'publication-too-wide',
    errorCode: 'FLINKTS_POSTGRES_PUBLICATION_INCOMPLETE',
    message: `publication "${target.publication}" also has ${what}, which the source does not read`,
    hint:
      'Their changes are sent and thrown away; and of published tables without a key, the ' +
      'application cannot update or delete rows. Use a publication of only the tables of the ' +
      'source.',
  }
}

function listOf(tables: readonly string[]): string {
  return tables.map((table) => `"${table}"`).join(', ')
}

/**
 * Creates the publication, or adds the tables that it lacks, if it is managed. Its problems were
 * checked.
 *
 * @returns whether the publication is new.
 * @internal
 */
export async function ensurePublication(
  client: PostgresClient,
  target: PublicationTarget,
  logger: Logger,
): Promise<boolean> {
  if (!target.managed) return false
  const { publication, tables } = target
  const found = await readPublication(client, publication)
  if (found === undefined) {
    await client.query(createStatement(target))
    logger.info('created the publication', { publication, tables })
    return true
  }
  const missing = tables.filter((table) => !found.tables.includes(table))
  if (missing.length > 0) {
    await client.query(addStatement(target, missing))
    logger.info('added tables to the publication', { publication, tables: missing })
  }
  return false
}

function createStatement(target: PublicationTarget): string {
  const name = quoteIdentifier(target.publication)
  return `CREATE PUBLICATION ${name} FOR TABLE ${tableList(target.tables)}`
}

function addStatement(target: PublicationTarget, tables: readonly string[]): string {
  const name = quoteIdentifier(target.publication)
  return `ALTER PUBLICATION ${name} ADD TABLE ${tableList(tables)}`
}

function publishStatement(target: PublicationTarget): string {
  const name = quoteIdentifier(target.publication)
  return `ALTER PUBLICATION ${name} SET (publish = 'insert, update, delete, truncate')`
}

function tableList(tables: readonly string[]): string {
  return tables.map((table) => `ONLY ${quotedTable(table)}`).join(', ')
}
