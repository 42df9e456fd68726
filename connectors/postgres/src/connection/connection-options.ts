import { FlinktsError } from '@flinkts/core/connector'
import type { ConnectionOptions as TlsOptions } from 'node:tls'
import { z } from 'zod'
import { strictOptions } from './strict-options.ts'

/** A secret, or how to get it anew for every connection. @public */
export type Password = string | (() => string | Promise<string>)

/**
 * How to reach the database: a URL
 * (`postgres://user:password@host:5432/database?sslmode=verify-full`), or fields. Fields win over
 * the URL. Environment variables are not read.
 *
 * @public
 */
export interface ConnectionOptions {
  /** Its `sslmode` may be `disable`, `require` (no check of the certificate) or `verify-full`. */
  readonly url?: string | undefined
  /**
   * A name, an address or the absolute path of the directory of a socket; `localhost` unless said.
   */
  readonly host?: string | undefined
  /** 5432 unless said. */
  readonly port?: number | undefined
  /** The user's name unless said. */
  readonly database?: string | undefined
  readonly user?: string | undefined
  /** A function is asked before every connection: for tokens that expire. */
  readonly password?: Password | undefined
  /**
   * false: no TLS, unless said. true: TLS, the certificate verified. An object: as for
   * `tls.connect`.
   */
  readonly ssl?: boolean | TlsOptions | undefined
  /** Milliseconds until an attempt to connect is given up; 10 000 unless said. */
  readonly connectTimeoutMs?: number | undefined
}

/** `ConnectionOptions` with everything filled in; shows no secret when printed. @internal */
export interface ResolvedConnection {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  /** Asked before every connection. */
  readonly password: () => Promise<string | undefined>
  readonly ssl: false | TlsOptions
  readonly connectTimeoutMs: number
}

const connectionSchema: z.ZodType<ConnectionOptions> = strictOptions({
  url: z.string().optional(),
  host: z.string().min(1).optional(),
  port: z.int().min(1).max(65_535).optional(),
  database: z.string().min(1).optional(),
  user: z.string().min(1).optional(),
  password: z
    .union([z.string(), z.custom<() => string>((value) => typeof value === 'function')])
    .optional(),
  ssl: z
    .union([
      z.boolean(),
      z.custom<TlsOptions>((value) => typeof value === 'object' && value !== null),
    ])
    .optional(),
  connectTimeoutMs: z.int().min(1).max(600_000).optional(),
})

const defaults = { host: 'localhost', port: 5432, ssl: false, connectTimeoutMs: 10_000 } as const

/**
 * Fills in what the URL and the defaults say.
 *
 * @throws FlinktsError FLINKTS_OPTION_INVALID
 * @internal
 */
export function resolveConnection(options: ConnectionOptions): ResolvedConnection {
  const parsed = connectionSchema.safeParse(options)
  if (!parsed.success) throw invalid(`the connection is invalid: ${z.prettifyError(parsed.error)}`)
  const given = parsed.data
  const fromUrl = given.url === undefined ? {} : parseUrl(given.url)
  const filled = { ...defaults, ...withoutUndefined(fromUrl), ...withoutUndefined(given) }
  const { user, password } = filled
  if (user === undefined) throw invalid('the connection names no "user"')
  return Object.freeze({
    host: filled.host,
    port: filled.port,
    database: filled.database ?? user,
    user,
    password: async () => (typeof password === 'function' ? password() : password),
    ssl: tlsOf(filled.ssl),
    connectTimeoutMs: filled.connectTimeoutMs,
  })
}

type Defined<T> = { [Name in keyof T]?: Exclude<T[Name], undefined> }

function withoutUndefined<T extends object>(fields: T): Defined<T> {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given) as Defined<T>
}

function tlsOf(ssl: boolean | TlsOptions): false | TlsOptions {
  return ssl === true ? {} : ssl
}

/** A URL may hold the password: it never goes into a message. */
function parseUrl(text: string): ConnectionOptions {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^postgres(ql)?:$/.test(url.protocol)) {
    throw invalid(
      'the "url" of the connection is not of the form postgres://user@host:port/database',
    )
  }
  return {
    host: decoded(url.hostname.replace(/^\[(.*)\]$/, '$1')),
    port: url.port === '' ? undefined : Number(url.port),
    database: decoded(url.pathname.slice(1)),
    user: decoded(url.username),
    password: decoded(url.password),
    ssl: tlsOfUrl(url.searchParams),
  }
}

function decoded(part: string): string | undefined {
  if (part === '') return undefined
  try {
    return decodeURIComponent(part)
  } catch {
    throw invalid('the "url" of the connection has a "%" that begins no escape')
  }
}

const sslModes: ReadonlyMap<string, boolean | TlsOptions> = new Map<string, boolean | TlsOptions>([
  ['disable', false],
  ['require', { rejectUnauthorized: false }],
  ['verify-full', true],
])

function tlsOfUrl(parameters: URLSearchParams): boolean | TlsOptions | undefined {
  for (const [name, value] of parameters) {
    if (name !== 'sslmode') {
      throw invalid(`the "url" of the connection has the unknown parameter "${name}"`)
    }
    const ssl = sslModes.get(value)
    if (ssl === undefined) {
      const modes = [...sslModes.keys()].join(', ')
      throw invalid(`the "sslmode" of the connection is "${value}", not one of ${modes}`)
    }
    return ssl
  }
  return undefined
}

function invalid(message: string): FlinktsError {
  return new FlinktsError('FLINKTS_OPTION_INVALID', message, {
    hint: 'Give { url }, or { host, port, database, user, password, ssl, connectTimeoutMs }.',
  })
}
