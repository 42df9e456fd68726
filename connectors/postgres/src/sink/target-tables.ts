import type { PostgresClient } from '../client.ts'
import { qualified } from '../options.ts'
import { describeTarget } from './target-table.ts'
import type { TargetCatalog, TargetTable } from './target-table.ts'

/** The tables that were written to so far, as they were found. @internal */
export class TargetTables {
  readonly #catalog: Omit<TargetCatalog, 'client'>
  readonly #targets = new Map<string, TargetTable>()

  constructor(catalog: Omit<TargetCatalog, 'client'>) {
    this.#catalog = catalog
  }

  /** `table`: `schema.name`, or `name` in `public`. */
  find(table: string): TargetTable | undefined {
    return this.#targets.get(table)
  }

  /** @throws FlinktsError FLINKTS_POSTGRES_TABLE_MISSING */
  async describe(client: PostgresClient, table: string): Promise<TargetTable> {
    const known = this.#targets.get(table)
    if (known !== undefined) return known
    const target = await describeTarget({ ...this.#catalog, client }, qualified(table))
    this.#targets.set(table, target)
    return target
  }
}
