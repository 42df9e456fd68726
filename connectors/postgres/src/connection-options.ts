import { FlinktsError } from '@flinkts/core/connector'
import type { ConnectionOptions as TlsOptions } from 'node:tls'
import { z } from 'zod'

/** A secret, or how to get it anew for every connection. @public */
export type Password = string | (() => string | Promise<string>)

/**
 * How to reach the database: a URL (`postgres://user:password@host:5432/database?sslmode=…`), or fields.
 * Fields win over the URL.
 *
 * @public
 */
export interface ConnectionOptions {
  readonly url?: string | undefined
  readonly host?: string | undefined
  /** 5432 unless said. */
  readonly port?: number | undefined
  readonly database?: string | undefined
  readonly user?: string | undefined
  /** A function is asked before every connection: for tokens that expire. */
  readonly password?: Password | undefined
  /** false: no TLS. true: TLS with a verified certificate. An object: what `tls.connect` takes. */
  readonly ssl?: boolean | TlsOptions | undefined
  /** Milliseconds until a connection attempt is given up; 10 000 unless said. */
  readonly connectTimeoutMs?: number | undefined
}

/** `ConnectionOptions` with everything filled in; shows no secret when printed. @internal */
export interface ResolvedConnection {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly password: () => Promise<string | undefined>
  readonly ssl: false | TlsOptions
  readonly connectTimeoutMs: number
}
