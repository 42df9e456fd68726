import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

/** What is known of a result. */
export interface GoldenResult {
  readonly name: string
  readonly rows: number
  readonly bytes: number
  /** Of the lines, sorted by bytes, each ended by a newline. */
  readonly sha256: string
  /** Whether the lines themselves are there, or only their hash. */
  readonly stored: boolean
}

/** Over how many events the results are: only the smaller ones are stored. */
export type GoldenSize = 100_000 | 1_000_000

const folder = new URL('data/', import.meta.url)
const largePrefix = '1M:'

/** The results over that many events, by name. */
export function readManifest(size: GoldenSize): ReadonlyMap<string, GoldenResult> {
  const prefix = size === 1_000_000 ? largePrefix : ''
  const results = new Map<string, GoldenResult>()
  for (const line of readFileSync(new URL('MANIFEST', folder), 'utf8').split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const result = parseLine(line)
    const large = result.name.startsWith(largePrefix)
    if (large !== (prefix !== '')) continue
    const name = result.name.slice(prefix.length)
    results.set(name, { ...result, name })
  }
  return results
}

function parseLine(line: string): GoldenResult {
  const [name, rows, bytes, sha256, stored] = line.split('\t')
  if (name === undefined || sha256 === undefined) throw new Error(`not a result: ${line}`)
  return {
    name,
    rows: Number(rows),
    bytes: Number(bytes),
    sha256,
    stored: stored === 'full',
  }
}

/** The stored text of a result, as Flink gave it. */
export function readGoldenText(name: string): string {
  return gunzipSync(readFileSync(new URL(`${name}.txt.gz`, folder))).toString('latin1')
}
