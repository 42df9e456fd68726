import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { runProgram } from '../installation.ts'

const environmentVariable = 'FLINKTS_BASELINES'

/** Where the peer is, built, or why it cannot be had. */
export type PeerFolder = { readonly folder: string } | { readonly missing: string }

/**
 * Finds the baselines of Flink and Kafka Streams in the folder that the environment names. One that
 * is not built there is built in a copy in `cacheFolder`, once.
 */
export async function findPeer(
  environment: Readonly<Record<string, string | undefined>>,
  cacheFolder: string,
): Promise<PeerFolder> {
  const baselines = environment[environmentVariable]
  if (baselines === undefined) {
    return { missing: `${environmentVariable} does not name a folder of baselines` }
  }
  const folder = path.join(baselines, 'flink')
  if (!existsSync(path.join(folder, 'run.sh'))) return { missing: `${folder} has no run.sh` }
  if (isBuilt(folder)) return { folder }
  const copy = path.join(cacheFolder, `flink-${await fingerprint(folder)}`)
  if (isBuilt(copy)) return { folder: copy }
  try {
    await buildCopy(folder, copy)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    return { missing: `"mvn package" failed on a copy of ${folder}: ${reason}` }
  }
  return { folder: copy }
}

function isBuilt(folder: string): boolean {
  return projectsOf(folder).every((project) => existsSync(path.join(project, 'target', 'classes')))
}

/** That of Flink, and that of Kafka Streams where it is there. */
function projectsOf(folder: string): readonly string[] {
  const streams = path.join(folder, 'kafka')
  const java = path.join(folder, 'java')
  return existsSync(path.join(streams, 'pom.xml')) ? [java, streams] : [java]
}

/** A copy is there only when it is built. */
async function buildCopy(folder: string, copy: string): Promise<void> {
  const unfinished = `${copy}-${process.pid}`
  await mkdir(path.dirname(copy), { recursive: true })
  try {
    // The original may be read-only, and a copy would be too.
    await runProgram('cp', ['-R', '--no-preserve=mode', folder, unfinished])
    for (const project of projectsOf(unfinished)) {
      await runProgram('mvn', ['-q', 'package'], { cwd: project })
    }
    await rename(unfinished, copy)
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
}

/** Of all that is built and run. */
async function fingerprint(folder: string): Promise<string> {
  const hash = createHash('sha256')
  const files = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = files
    .filter((file) => file.isFile())
    .map((file) => path.join(file.parentPath, file.name))
  for (const file of paths.toSorted()) {
    hash
      .update(path.relative(folder, file))
      .update('\0')
      .update(await readFile(file))
  }
  return hash.digest('hex').slice(0, 12)
}
