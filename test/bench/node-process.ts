import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)
const outputBytesMax = 16 * 2 ** 20

/**
 * Runs a module of a bench in a Node of its own, so that no run warms up another, on the sources as
 * they are; gives back the JSON that it prints.
 *
 * @throws Error with what it printed if it fails.
 */
export function measureInNode<T>(module: string, args: readonly string[]): Promise<T> {
  return runNode(['--conditions=@flinkts/source', module, ...args])
}

/**
 * The same on the packages as they were built, which users get.
 *
 * @throws Error with what it printed if it fails.
 */
export function measureBuilt<T>(module: string, args: readonly string[]): Promise<T> {
  return runNode([module, ...args])
}

async function runNode<T>(args: readonly string[]): Promise<T> {
  try {
    const { stdout } = await run(process.execPath, args, { maxBuffer: outputBytesMax })
    return JSON.parse(stdout) as T
  } catch (cause) {
    if (isKilled(cause)) return JSON.parse(cause.stdout) as T
    throw cause
  }
}

/** One that was to die printed what it found before. */
function isKilled(cause: unknown): cause is Error & { readonly stdout: string } {
  return (
    cause instanceof Error &&
    'signal' in cause &&
    cause.signal === 'SIGKILL' &&
    'stdout' in cause &&
    cause.stdout !== ''
  )
}
