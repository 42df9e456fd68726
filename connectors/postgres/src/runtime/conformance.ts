import type { ResolvedPostgresCdcOptions } from '../options.ts'
import type { ResolvedPostgresSinkOptions } from '../sink/options.ts'

/** The reports of the conformance kit on a sink. @internal */
export function sinkReports<In extends object>({
  mode,
  changesOf,
}: Pick<ResolvedPostgresSinkOptions<In>, 'mode' | 'changesOf'>): readonly string[] {
  switch (mode) {
    case 'twoPhase':
      // What the changes are is known when they come.
      return [
        reportOf('sink-two-phase'),
        ...(changesOf === undefined ? [] : [reportOf('sink-two-phase-by-key')]),
      ]
    case 'auto':
      return [...sinkReports({ mode: 'twoPhase', changesOf }), reportOf('sink-staged')]
    default:
      return [reportOf(`sink-${mode}`)]
  }
}

/** The reports on a source: of rows, and then their changes. @internal */
export function sourceReports({
  mode,
}: Pick<ResolvedPostgresCdcOptions, 'mode'>): readonly string[] {
  return mode === 'snapshot-and-stream' ? [reportOf('source')] : []
}

function reportOf(tested: string): string {
  return new URL(`../../conformance/${tested}/conformance.json`, import.meta.url).href
}
