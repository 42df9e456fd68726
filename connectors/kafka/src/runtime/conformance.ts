import type { ResolvedKafkaSourceOptions } from '../options.ts'
import type { ResolvedKafkaSinkOptions } from '../sink/options.ts'

/** The reports of the conformance kit on a source: on one without an end. @internal */
export function sourceReports({
  stop,
}: Pick<ResolvedKafkaSourceOptions, 'stop'>): readonly string[] {
  return stop === undefined ? ['source', 'source-3-9'].map(reportOf) : []
}

/** The reports of the conformance kit on a sink. @internal */
export function sinkReports(
  delivery: ResolvedKafkaSinkOptions<never>['delivery'],
): readonly string[] {
  return delivery === 'exactly-once'
    ? ['sink', 'sink-3-9'].map(reportOf)
    : [reportOf('sink-at-least-once')]
}

function reportOf(tested: string): string {
  return new URL(`../../conformance/${tested}/conformance.json`, import.meta.url).href
}
