import { FlinktsError } from '@flinkts/core/connector'
import { z } from 'zod'
import { strictOptions } from './strict-options.ts'

/** A secret, or how to get it anew for every connection. @public */
export type Password = string | (() => string | Promise<string>)

/** Who the client is: by name and password, or by a token. @public */
export type SaslOptions =
  | {
      readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
      readonly username: string
      readonly password: Password
    }
  | {
      readonly mechanism: 'oauthbearer'
      /** Gives a token that is valid now; asked for every connection. */
      readonly token: () => string | Promise<string>
    }

/** What of TLS differs from Node's defaults; certificates and keys are in PEM. @public */
export interface TlsOptions {
  /** Of the authority that signed the broker's certificate; those of Node unless given. */
  readonly ca?: string | Buffer | readonly (string | Buffer)[] | undefined
  /** Of the client, where the broker asks for one. */
  readonly cert?: string | Buffer | undefined
  /** Of the client, without a passphrase. */
  readonly key?: string | Buffer | undefined
  /** The name that the certificate must have; the broker's host unless given. */
  readonly servername?: string | undefined
  /** false: any certificate is trusted, so anybody may pose as the broker. */
  readonly rejectUnauthorized?: boolean | undefined
}

/** Pauses between attempts to connect to a broker; they double from one to the next. @public */
export interface ReconnectBackoffOptions {
  /** 50 unless said. */
  readonly minMs?: number | undefined
  /** 1 000 unless said. */
  readonly maxMs?: number | undefined
}

/** How to reach the cluster. Environment variables are not read. @public */
export interface ConnectionOptions {
  /**
   * Some brokers to ask for all others: `host:port`, as a list or separated by commas. Two or three
   * of them, so that one that is down does no harm.
   */
  readonly brokers: string | readonly string[]
  /** Shown in the logs and quotas of the brokers; `flinkts` unless said. */
  readonly clientId?: string | undefined
  /** true: encrypted, the broker's certificate verified. Not encrypted unless said. */
  readonly tls?: boolean | TlsOptions | undefined
  /** No authentication unless said. */
  readonly sasl?: SaslOptions | undefined
  /** Until an attempt to connect, with TLS and authentication, is given up; 10 000. */
  readonly connectTimeoutMs?: number | undefined
  /** Until a request is given up, and its connection with it; 30 000. */
  readonly requestTimeoutMs?: number | undefined
  /** How old what is known of topics and leaders may become without an error; 300 000. */
  readonly metadataMaxAgeMs?: number | undefined
  /** How soon a broker that could not be reached is tried again. */
  readonly reconnectBackoff?: ReconnectBackoffOptions | undefined
  /** Where the job runs, as brokers name it in `broker.rack`: replicas there are read. */
  readonly rackId?: string | undefined
}

/** Where a broker listens. @internal */
export interface BrokerAddress {
  readonly host: string
  readonly port: number
}

/** `SaslOptions`, which shows no secret when printed. @internal */
export type ResolvedSasl =
  | {
      readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
      readonly username: string
      /** Asked before every connection. */
      readonly password: () => Promise<string>
    }
  | { readonly mechanism: 'oauthbearer'; readonly token: () => Promise<string> }

/** `ConnectionOptions` with everything filled in; shows no secret when printed. @internal */
export interface ResolvedConnection {
  /** At least one. */
  readonly brokers: readonly BrokerAddress[]
  readonly clientId: string
  /** Undefined: not encrypted. A function, as its result may hold a private key. */
  readonly tls: (() => TlsOptions) | undefined
  readonly sasl: ResolvedSasl | undefined
  readonly connectTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly metadataMaxAgeMs: number
  readonly reconnectBackoff: { readonly minMs: number; readonly maxMs: number }
  /** Empty: none. */
  readonly rackId: string
}

/** The longest wait that timers of JavaScript can do. */
const waitMsMax = 2 ** 31 - 1
const waitMs = (byDefault: number): z.ZodDefault<z.ZodInt> =>
  z.int().min(1).max(waitMsMax).default(byDefault)

const text = z.string().min(1)
const callable = z.custom<() => string>((value) => typeof value === 'function', 'is no function')
const pem = z.union([z.string(), z.instanceof(Buffer)])

const saslSchema = z.discriminatedUnion('mechanism', [
  strictOptions({
    mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']),
    username: text,
    password: z.union([z.string(), callable]),
  }),
  strictOptions({ mechanism: z.literal('oauthbearer'), token: callable }),
])

const tlsSchema = strictOptions({
  ca: z.union([pem, z.array(pem)]).optional(),
  cert: pem.optional(),
  key: pem.optional(),
  servername: text.optional(),
  rejectUnauthorized: z.boolean().optional(),
})

const backoffSchema = strictOptions({ minMs: waitMs(50), maxMs: waitMs(1_000) }).refine(
  ({ minMs, maxMs }) => minMs <= maxMs,
  '"minMs" is larger than "maxMs"',
)

const connectionSchema = strictOptions({
  brokers: z.union([z.string(), z.array(z.string())]),
  clientId: text.default('flinkts'),
  tls: z.union([z.boolean(), tlsSchema]).default(false),
  sasl: saslSchema.optional(),
  connectTimeoutMs: waitMs(10_000),
  requestTimeoutMs: waitMs(30_000),
  metadataMaxAgeMs: waitMs(300_000),
  reconnectBackoff: backoffSchema.prefault({}),
  rackId: z.string().default(''),
})

/**
 * Checks the options and fills in the defaults.
 *
 * @throws FlinktsError FLINKTS_OPTION_INVALID
 * @internal
 */
export function resolveConnection(options: ConnectionOptions): ResolvedConnection {
  const parsed = connectionSchema.safeParse(options)
  if (!parsed.success) throw invalid(`the connection is invalid: ${z.prettifyError(parsed.error)}`)
  const { brokers, tls, sasl, ...rest } = parsed.data
  const listed = typeof brokers === 'string' ? brokers.split(',') : brokers
  if (listed.length === 0) throw invalid('the connection names no "brokers"')
  const tlsOptions = tls === true ? {} : tls
  return Object.freeze({
    ...rest,
    brokers: listed.map((broker, index) => parseBroker(broker.trim(), index + 1)),
    tls: tlsOptions === false ? undefined : () => tlsOptions,
    sasl: sasl === undefined ? undefined : resolveSasl(sasl),
  })
}

function resolveSasl(sasl: SaslOptions): ResolvedSasl {
  if (sasl.mechanism === 'oauthbearer') {
    const { token } = sasl
    return { mechanism: sasl.mechanism, token: async () => token() }
  }
  const { mechanism, username, password } = sasl
  return {
    mechanism,
    username,
    password: async () => (typeof password === 'function' ? password() : password),
  }
}

const brokerForm = /^(?:\[(?<address>[0-9a-fA-F:.]+)\]|(?<name>[^\s:/@[\]]+)):(?<port>\d{1,5})$/
const portMax = 65_535

/** The text goes into no message: whoever writes a URL may have put a password into it. */
function parseBroker(broker: string, count: number): BrokerAddress {
  const { address, name, port } = brokerForm.exec(broker)?.groups ?? {}
  const host = address ?? name
  if (host === undefined || Number(port) < 1 || Number(port) > portMax) {
    throw invalid(`number ${count} of the "brokers" of the connection is not of the form host:port`)
  }
  return { host, port: Number(port) }
}

function invalid(message: string): FlinktsError {
  return new FlinktsError('FLINKTS_OPTION_INVALID', message, {
    hint:
      'Give { brokers: "host:port" }, and where the cluster asks for them { tls, sasl }; the ' +
      'README of the connector lists all options.',
  })
}
