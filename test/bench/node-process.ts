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
export async function measureInNode<T>(module: string, args: readonly string[]): Promise<T> {
  const { stdout } = await run(
    process.execPath,
    ['--conditions=@flinkts/source', module, ...args],
    { maxBuffer: outputBytesMax },
  )
  return JSON.parse(stdout) as T
}
