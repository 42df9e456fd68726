import type { PostgresClient } from './client.ts'

/** A type as `pg_type` has it. @internal */
export interface PgType {
  readonly oid: number
  /** As Postgres writes it: `integer`, `public.mood`. */
  readonly name: string
  /** The base type of a domain. */
  readonly baseOid: number | undefined
  /** The element's type of an array. */
  readonly elementOid: number | undefined
  /** What separates the elements of an array of this type: `,`, for `box` `;`. */
  readonly delimiter: string
}

/** How types that came after the built-in ones are read. Shared by the connections to one database. @internal */
export interface TypeCatalog {
  /** Undefined: not loaded yet, `load` it. */
  get(oid: number): PgType | undefined
  /**
   * Reads the types, and those that they are made of, from the database. Types that no longer exist are
   * noted as text.
   */
  load(client: PostgresClient, oids: readonly number[]): Promise<void>
}
