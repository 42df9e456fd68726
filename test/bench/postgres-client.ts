import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { fileExists } from './installation.ts'

/**
 * The folder with a program of the client of Postgres. Debian keeps each major version in a folder
 * of its own; elsewhere the programs are on the path.
 *
 * @throws Error if there is none
 */
export async function clientFolder(program: string): Promise<string> {
  const versions = await readdir('/usr/lib/postgresql').catch(() => [])
  const debian = versions.map((version) => `/usr/lib/postgresql/${version}/bin`)
  const onPath = (process.env['PATH'] ?? '').split(path.delimiter)
  for (const folder of [...debian, ...onPath]) {
    if (await fileExists(path.join(folder, program))) return folder
  }
  throw new Error(`there is no ${program}: it is in the package postgresql-client of Debian`)
}
