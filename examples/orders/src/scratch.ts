/** The directory of a run, and what stays of it. */
import { chmod, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** `success` leaves the output, `failure` everything, `interruption` nothing. */
export type Outcome = 'success' | 'failure' | 'interruption'

export interface Scratch {
  readonly directory: string
  /** Does not exist yet. */
  readonly postgres: string
  readonly checkpoints: string
  readonly jobLog: string
  readonly output: string
  readonly changes: string
  readonly revenue: string
}

/**
 * @param wanted - new or empty; undefined: a new directory for temporary files
 * @throws Error if it holds something, or cannot be made
 */
export async function createScratch(wanted: string | undefined): Promise<Scratch> {
  const directory =
    wanted === undefined
      ? await mkdtemp(path.join(tmpdir(), 'flinkts-orders-'))
      : await emptyDirectory(path.resolve(wanted))
  // The server may have to run as another user, who must get through to its own directory.
  await chmod(directory, 0o755)
  const output = path.join(directory, 'output')
  return {
    directory,
    postgres: path.join(directory, 'postgres'),
    checkpoints: path.join(directory, 'checkpoints'),
    jobLog: path.join(directory, 'job.log'),
    output,
    changes: path.join(output, 'changes'),
    revenue: path.join(output, 'revenue'),
  }
}

/** Removes what nobody needs after a run that ended so. */
export async function removeScratch(scratch: Scratch, outcome: Outcome): Promise<void> {
  if (outcome === 'failure') return
  const { directory, postgres, checkpoints, jobLog } = scratch
  const unneeded = outcome === 'success' ? [postgres, checkpoints, jobLog] : [directory]
  await Promise.all(unneeded.map((name) => rm(name, { recursive: true, force: true })))
}

async function emptyDirectory(directory: string): Promise<string> {
  await mkdir(directory, { recursive: true })
  const names = await readdir(directory)
  if (names.length === 0) return directory
  throw new Error(`directory ${directory} is not empty; give a new one`)
}
