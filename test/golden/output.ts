/** Reads what a job wrote, with nothing of the engine or of its formats. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** Lines in the form in which results are compared. */
export interface CanonicalOutput {
  readonly rows: number
  readonly bytes: number
  readonly sha256: string
}

/** The lines in the visible files of a folder: each is a string in JSON. In no order. */
export function readLines(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !path.join(entry.parentPath, entry.name).includes('/.'))
    .flatMap((entry) => readFileSync(path.join(entry.parentPath, entry.name), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as string)
}

/** The lines sorted by bytes, each ended by a newline; lines that are there twice stay so. */
export function canonicalText(lines: readonly string[]): string {
  // ASCII only: the order of code units is that of bytes.
  return lines
    .toSorted((one, other) => (one < other ? -1 : Number(one > other)))
    .map((line) => `${line}\n`)
    .join('')
}

export function canonicalOutput(lines: readonly string[]): CanonicalOutput {
  const text = Buffer.from(canonicalText(lines), 'latin1')
  const sha256 = createHash('sha256').update(text).digest('hex')
  return { rows: lines.length, bytes: text.length, sha256 }
}
