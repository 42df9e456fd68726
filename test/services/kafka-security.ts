import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { engineHost } from './docker-engine.ts'

/** How clients reach the brokers. @internal */
export interface KafkaSecurity {
  /** Kafka's name of the protocol of the listener for clients. */
  readonly protocol: 'PLAINTEXT' | 'SASL_PLAINTEXT' | 'SSL'
  readonly settings: Readonly<Record<string, string>>
  /** Arguments of the command that formats the storage. */
  readonly formatArguments: readonly string[]
  /** In every broker's container, by absolute path. */
  readonly files: Readonly<Record<string, string>>
  /** The authority that signed the certificate of a TLS listener, as PEM. */
  readonly ca?: string
}

/** What a test asks for. @internal */
export interface SecurityChoice {
  /** What clients must do; nothing ('plaintext') unless told. 'sasl' is without TLS. */
  readonly security?: 'plaintext' | 'sasl' | 'tls'
  /** Only what ACLs allow is allowed, but for `kafkaUsers.admin`. Needs 'sasl'. */
  readonly acls?: boolean
}

/** A login at a SASL listener. @internal */
export interface KafkaUser {
  readonly username: string
  readonly password: string
}

/** How a login is proven. @internal */
export type SaslMechanism = 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'

/** Who may log in, by any mechanism. Where there are ACLs, `admin` may do everything. @internal */
export const kafkaUsers = {
  admin: { username: 'admin', password: 'admin-password' },
  guest: { username: 'guest', password: 'guest-password' },
} as const satisfies Record<string, KafkaUser>

const scramMechanisms = ['SCRAM-SHA-256', 'SCRAM-SHA-512'] as const
const keyStorePath = '/tmp/flinkts/keystore.pem'
const caPath = '/tmp/flinkts/ca.pem'
const loginModules = 'org.apache.kafka.common.security'
const opensslTimeoutMs = 10_000

/** @throws Error when the choice makes no sense, or `openssl` is missing for TLS @internal */
export async function kafkaSecurity(choice: SecurityChoice): Promise<KafkaSecurity> {
  const { security = 'plaintext', acls = false } = choice
  if (acls && security !== 'sasl') {
    throw new Error('brokers with ACLs need the security "sasl": else clients have no names')
  }
  if (security === 'sasl') return sasl(acls)
  if (security === 'tls') return tls()
  return { protocol: 'PLAINTEXT', settings: {}, formatArguments: [], files: {} }
}

/** Properties with which one of Kafka's tools logs in at a SASL listener. @internal */
export function saslProperties(
  { username, password }: KafkaUser,
  mechanism: SaslMechanism,
): Readonly<Record<string, string>> {
  return {
    'security.protocol': 'SASL_PLAINTEXT',
    'sasl.mechanism': mechanism,
    'sasl.jaas.config': `${loginModule(mechanism)} username="${username}" password="${password}";`,
  }
}

/** Properties with which one of Kafka's tools trusts the TLS listener. @internal */
export const tlsProperties: Readonly<Record<string, string>> = Object.freeze({
  'security.protocol': 'SSL',
  'ssl.truststore.type': 'PEM',
  'ssl.truststore.location': caPath,
})

function sasl(acls: boolean): KafkaSecurity {
  const users = Object.values(kafkaUsers)
  const plainUsers = users.map(({ username, password }) => `user_${username}="${password}"`)
  const listener = 'listener.name.client'
  return {
    protocol: 'SASL_PLAINTEXT',
    settings: {
      'sasl.enabled.mechanisms': ['PLAIN', ...scramMechanisms].join(','),
      [`${listener}.plain.sasl.jaas.config`]: `${loginModule('PLAIN')} ${plainUsers.join(' ')};`,
      ...Object.fromEntries(
        scramMechanisms.map((mechanism) => [
          `${listener}.${mechanism.toLowerCase()}.sasl.jaas.config`,
          `${loginModule(mechanism)};`,
        ]),
      ),
      ...(acls ? aclSettings : {}),
    },
    formatArguments: users.flatMap(({ username, password }) =>
      scramMechanisms.flatMap((mechanism) => [
        '--add-scram',
        `${mechanism}=[name=${username},password=${password}]`,
      ]),
    ),
    files: {},
  }
}

// Between brokers nobody logs in: there everybody is anonymous.
const aclSettings = {
  'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'super.users': `User:ANONYMOUS;User:${kafkaUsers.admin.username}`,
}

function loginModule(mechanism: SaslMechanism): string {
  const name = mechanism === 'PLAIN' ? 'plain.PlainLoginModule' : 'scram.ScramLoginModule'
  return `${loginModules}.${name} required`
}

async function tls(): Promise<KafkaSecurity> {
  const { ca, keyStore } = await certificates(await engineHost())
  return {
    protocol: 'SSL',
    settings: {
      'listener.name.client.ssl.keystore.type': 'PEM',
      'listener.name.client.ssl.keystore.location': keyStorePath,
    },
    formatArguments: [],
    files: { [keyStorePath]: keyStore, [caPath]: ca },
    ca,
  }
}

// An authority, and a certificate for the host that it has signed.
async function certificates(host: string): Promise<{ ca: string; keyStore: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'flinkts-tls-'))
  const run = (...words: string[]) => openssl(folder, words)
  const key = ['-newkey', 'rsa:2048', '-nodes', '-keyout']
  try {
    const name = isIP(host) === 0 ? `DNS:${host}` : `IP:${host}`
    await writeFile(join(folder, 'names'), `subjectAltName=${name}\n`)
    const days = ['-days', '30']
    await run('req', '-x509', ...key, 'ca.key', '-out', 'ca.pem', '-subj', '/CN=tests', ...days)
    await run('req', ...key, 'kafka.key', '-out', 'kafka.csr', '-subj', '/CN=kafka')
    const signer = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial']
    const signed = ['-in', 'kafka.csr', '-out', 'kafka.pem', '-extfile', 'names']
    await run('x509', '-req', ...signer, ...signed, ...days)
    const read = (file: string) => readFile(join(folder, file), 'utf8')
    return {
      ca: await read('ca.pem'),
      keyStore: (await read('kafka.key')) + (await read('kafka.pem')),
    }
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function openssl(folder: string, words: readonly string[]): Promise<void> {
  try {
    await promisify(execFile)('openssl', words, { cwd: folder, timeout: opensslTimeoutMs })
  } catch (error) {
    throw new Error('the command "openssl" failed. Brokers with TLS need it installed.', {
      cause: error,
    })
  }
}
