import type { Evidence, MissingEvidence } from './conformance-evidence.ts'

/** What there is to say of the evidence for a connector, for people; a line each. @internal */
export function evidenceLines(
  evidence: readonly (Evidence | MissingEvidence)[],
): readonly string[] {
  if (evidence.length === 0) return ['no conformance report']
  return evidence.map((each) => {
    if (!('connector' in each)) return `conformance report ${each.report}: ${each.problem}`
    const doubt = each.problem === undefined ? '' : `; but ${each.problem}`
    return `conformance: ${countsOf(each)}, ${testedIn(each)} (${each.connector})${doubt}`
  })
}

function countsOf({ passed, failed, skipped }: Evidence): string {
  const others = skipped === 0 ? '' : ` (${skipped} do not apply)`
  return `${passed} of ${passed + failed} checks${others}`
}

function testedIn({ seedCount, versions }: Evidence): string {
  const seeds = `up to ${seedCount} seed${seedCount === 1 ? '' : 's'}`
  return [seeds, ...Object.entries(versions).map(([name, version]) => `${name} ${version}`)].join(
    ', ',
  )
}
