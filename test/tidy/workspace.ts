import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { SourceFile } from './source-file.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const generatedFolders = new Set([
  '.flinkts',
  '.git',
  '.test-results',
  '.turbo',
  'dist',
  'node_modules',
  'temp',
])
const textFile = /\.(ts|mjs|js|json|md|yml|yaml|toml|sh|sql)$|(^|\/)(Dockerfile|\.npmrc|run)$/

/** Every text file that people write, in the order of their paths. */
export function readWorkspace(): readonly SourceFile[] {
  return listFiles('').map((file) => ({
    path: file,
    text: readFileSync(path.join(root, file), 'utf8'),
  }))
}

function listFiles(folder: string): string[] {
  const entries = readdirSync(path.join(root, folder), { withFileTypes: true })
  return entries
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const file = path.posix.join(folder, entry.name)
      if (entry.isDirectory()) return generatedFolders.has(entry.name) ? [] : listFiles(file)
      return entry.isFile() && textFile.test(file) ? [file] : []
    })
}
