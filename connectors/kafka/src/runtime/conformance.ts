import type { ResolvedKafkaSourceOptions } from '../options.ts'

/** The reports of the conformance kit on a source: on one without an end. @internal */
export function sourceReports({
  stop,
}: Pick<ResolvedKafkaSourceOptions, 'stop'>): readonly string[] {
  return stop === undefined ? ['source', 'source-3-9'].map(reportOf) : []
}

function reportOf(tested: string): string {
  return new URL(`../../conformance/${tested}/conformance.json`, import.meta.url).href
}
