import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { messageOf } from '@flinkts/core/connector'

/** What a report of the conformance kit says, and what speaks against it. @internal */
export interface Evidence {
  /** The path of the report. */
  readonly report: string
  /** As the report calls it: `postgres sink, twoPhase`. */
  readonly connector: string
  readonly passed: number
  readonly failed: number
  /** Checks that do not apply to what the connector declares. */
  readonly skipped: number
  /** The most seeds that one check was run with. */
  readonly seedCount: number
  /** What was tested, as the driver said. */
  readonly versions: Readonly<Record<string, string>>
  /** Why it is no evidence for the connector that is there. */
  readonly problem?: string
}

/** A report that cannot be read. @internal */
export interface MissingEvidence {
  readonly report: string
  readonly problem: string
}

/**
 * Reads reports, and compares each with the package that it is in.
 *
 * @param urls - Of `conformance.json` files.
 * @param guarantee - That of the sink; absent: it is a source.
 * @internal
 */
export function readEvidence(
  urls: readonly string[],
  guarantee?: string,
): Promise<readonly (Evidence | MissingEvidence)[]> {
  return Promise.all(
    urls.map(async (url) => {
      const report = url.startsWith('file:') ? fileURLToPath(url) : url
      try {
        return await evidenceIn(url, report, guarantee)
      } catch (thrown) {
        return { report, problem: `it cannot be read: ${messageOf(thrown)}` }
      }
    }),
  )
}

/** What is used of a report, as the kit writes it. */
interface Report {
  readonly version: number
  readonly connector: string
  readonly capabilities: Readonly<Record<string, string>>
  readonly versions: Readonly<Record<string, string>>
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly checks: readonly { readonly seeds?: string }[]
}

function parseReport(text: string): Report {
  const { version, checks, ...rest } = JSON.parse(text) as Partial<Report>
  if (version !== 1) throw new Error(`its format has version ${version}, not 1`)
  if (!Array.isArray(checks)) throw new Error('it lists no checks')
  return { version, checks, ...(rest as Omit<Report, 'version' | 'checks'>) }
}

async function evidenceIn(
  url: string,
  path: string,
  guarantee: string | undefined,
): Promise<Evidence> {
  const report = parseReport(await readFile(new URL(url), 'utf8'))
  const { connector, passed, failed, skipped, versions, checks, capabilities } = report
  const problem =
    versionProblem(versions, await packageOf(url)) ??
    guaranteeProblem(capabilities['guarantee'], guarantee)
  return {
    report: path,
    connector,
    passed,
    failed,
    skipped,
    seedCount: Math.max(0, ...checks.map(({ seeds }) => seedCountOf(seeds))),
    versions,
    ...(problem === undefined ? {} : { problem }),
  }
}

interface Package {
  readonly name: string
  readonly version: string
}

/** The package that a file is in: the nearest manifest above it. */
async function packageOf(url: string): Promise<Package | undefined> {
  for (let folder = new URL('./', url); ; folder = new URL('../', folder)) {
    const text = await readFile(new URL('package.json', folder), 'utf8').catch(() => undefined)
    if (text !== undefined) return JSON.parse(text) as Package
    if (folder.pathname === new URL('../', folder).pathname) return undefined
  }
}

function versionProblem(
  tested: Readonly<Record<string, string>>,
  found: Package | undefined,
): string | undefined {
  if (found === undefined) return 'it is in no package, so nobody knows what it is about'
  const version = tested[found.name]
  if (version === undefined) return `it does not say which version of ${found.name} was tested`
  return version === found.version
    ? undefined
    : `it is about ${found.name} ${version}, and this is ${found.version}`
}

function guaranteeProblem(
  tested: string | undefined,
  declared: string | undefined,
): string | undefined {
  return tested === declared ? undefined : `it is about one whose guarantee is ${tested ?? 'none'}`
}

/** Of `1-10`, or `3`. */
function seedCountOf(range: string | undefined): number {
  if (range === undefined) return 0
  const [first = 0, last = first] = range.split('-').map(Number)
  return last - first + 1
}
