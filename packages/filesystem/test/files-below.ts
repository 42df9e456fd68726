import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** The paths of all files below a directory, hidden ones too, in order. */
export async function filesBelow(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .toSorted()
}

/** What a reader with the glob `**\/*.jsonl` sees: hidden files are not matched. */
export async function visibleBelow(directory: string): Promise<readonly string[]> {
  const paths = await filesBelow(directory)
  return paths.filter((path) => !path.split('/').some((segment) => segment.startsWith('.')))
}
