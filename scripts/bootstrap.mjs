/**
 * Runs a script of this workspace, from a fresh clone too: `node scripts/bootstrap.mjs <script>
 * [arguments]`.
 *
 * It installs the dependencies when `node_modules` is not what `package-lock.json` says, then hands
 * over to the Node that came with them. It needs nothing but Node 20 and npm itself, so it is plain
 * JavaScript without an import from a package.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { isAtLeast, nodeVersionMin } from './node-version.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const binaries = path.join(root, 'node_modules', '.bin')

main()

function main() {
  const [script, ...args] = process.argv.slice(2)
  if (script === undefined) fail('no script to run', 'Use: node scripts/bootstrap.mjs <script>')
  if (!dependenciesInstalled()) installDependencies()
  const node = findNode()
  if (node === undefined) {
    fail(
      `flinkts needs Node ${nodeVersionMin} or newer, this is ${process.versions.node}`,
      'On Linux (x64, arm64) `npm install --include=optional` brings a private Node 24. ' +
        'Elsewhere install Node 24 and run the command again.',
    )
  }
  handOver(node, ['--conditions=@flinkts/source', path.resolve(root, script), ...args])
}

/**
 * npm records what it installed in a lockfile of its own, written last: an interrupted install has
 * none.
 *
 * @returns {boolean}
 */
function dependenciesInstalled() {
  const installed = lockedPackages(path.join(root, 'node_modules', '.package-lock.json'))
  const wanted = lockedPackages(path.join(root, 'package-lock.json'))
  if (installed === undefined || wanted === undefined) return false
  return Object.entries(wanted).every(([name, entry]) => {
    const found = installed[name]
    // An optional package may be for another platform, and '' is the workspace itself.
    if (found === undefined) return name === '' || entry.optional === true
    return found.version === entry.version && found.integrity === entry.integrity
  })
}

/**
 * @typedef {{ version?: string, integrity?: string, optional?: boolean }} LockedPackage
 * @typedef {{ packages: Record<string, LockedPackage> }} Lockfile
 * @param {string} file
 * @returns {Record<string, LockedPackage> | undefined}
 */
function lockedPackages(file) {
  if (!existsSync(file)) return undefined
  const lockfile = /** @type {Lockfile} */ (JSON.parse(readFileSync(file, 'utf8')))
  return lockfile.packages
}

function installDependencies() {
  console.log('flinkts: installing the dependencies of package-lock.json (npm install, once) ...')
  const startedAt = Date.now()
  // Not `npm ci`: it refuses a lockfile that lacks an optional binary of some other platform.
  const args = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error']
  // Not with the Node in node_modules/.bin: npm may be about to replace it.
  const env = {
    ...process.env,
    PATH: searchPath()
      .filter((p) => p !== binaries)
      .join(path.delimiter),
  }
  const result = spawnSync('npm', args, {
    cwd: root,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  })
  if (result.status !== 0) {
    const reason = result.error?.message ?? `exit status ${result.status ?? result.signal}`
    fail(
      `npm install failed (${reason})`,
      'The lines above say why. Mend it, then run the command again.',
    )
  }
  console.log(`flinkts: installed in ${Math.round((Date.now() - startedAt) / 1000)} s`)
}

/** @returns {string | undefined} */
function findNode() {
  const platform = `node-${process.platform}-${process.arch}`
  const pinned = path.join(root, 'node_modules', platform, 'bin', 'node')
  if (existsSync(pinned)) return pinned
  return isAtLeast(process.versions.node, nodeVersionMin) ? process.execPath : undefined
}

/**
 * @param {string} node
 * @param {string[]} args
 */
function handOver(node, args) {
  const env = { ...process.env, PATH: [binaries, ...searchPath()].join(path.delimiter) }
  if (process.platform !== 'win32' && typeof process.execve === 'function') {
    // Replaces this process: same pid, same terminal, and signals arrive where they should.
    process.execve(node, [node, ...args], env)
  }
  const child = spawn(node, args, { env, stdio: 'inherit' })
  /** @type {NodeJS.Signals[]} */
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const signal of signals) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => {
    for (const name of signals) process.removeAllListeners(name)
    if (signal === null) process.exit(code ?? 1)
    process.kill(process.pid, signal)
  })
}

/** @returns {string[]} */
function searchPath() {
  return (process.env['PATH'] ?? '').split(path.delimiter)
}

/**
 * @param {string} message
 * @param {string} hint
 * @returns {never}
 */
function fail(message, hint) {
  console.error(`flinkts: ${message}\n  ${hint}`)
  process.exit(1)
}
