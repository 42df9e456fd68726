import type { JobDefinition } from '../../src/api/define-job.ts'
import { GraphBuilder } from '../../src/api/graph-builder.ts'
import { resolveJobOptions } from '../../src/api/job-options.ts'
import type { Partitioning } from '../../src/graph/stream-node.ts'
import type { OperatorDefinition } from '../../src/operators/operator-definition.ts'
import { collectSink } from '../../src/testing/collect-sink.ts'
import { collectionSource } from '../../src/testing/collection-source.ts'
import { harnessOutputId } from '../../src/testing/harness/harness-plan.ts'
import { harnessInputIds } from '../../src/testing/operator-harness.ts'

/** A job of one operator, called `tested`, behind the inputs of a harness. */
export function jobOf(
  definition: OperatorDefinition,
  options: {
    readonly inputCount?: 1 | 2
    readonly partitioning?: Partitioning
    readonly parallelism?: number
  } = {},
): JobDefinition {
  const { inputCount = 1, partitioning = { type: 'forward' }, parallelism = 1 } = options
  const time = { watermarks: undefined, intervalMs: 200 }
  const builder = new GraphBuilder('harness', resolveJobOptions('harness', {}))
  const inputs = harnessInputIds.slice(0, inputCount).map((id, index) => ({
    from: builder.add(id, { type: 'source', source: collectionSource<unknown>([]), time }, []),
    port: index === 0 ? (0 as const) : (1 as const),
    partitioning,
  }))
  const tested = builder.add('tested', definition, inputs)
  builder.add(harnessOutputId, { type: 'sink', sink: collectSink<unknown>() }, [
    { from: tested, partitioning: { type: 'forward' } },
  ])
  return {
    name: 'harness',
    graph: builder.build(),
    options: resolveJobOptions('harness', { parallelism }),
  }
}
