import type { DeliveryGuarantee } from '../../src/common/guarantee.ts'
import type { Preflight } from '../../src/connector/preflight.ts'
import type { Sink } from '../../src/connector/sink.ts'
import type { Source } from '../../src/connector/source.ts'
import type { SourceSplit } from '../../src/connector/source-split.ts'

function notOpened(): never {
  throw new Error('nothing is opened while a job is defined')
}

/** A source for jobs that are only defined. */
export function sourceOf<Out, Replay extends boolean = true>(
  options: { replayable?: Replay } & Preflight = {},
): Source<Out, SourceSplit, unknown, Replay> {
  const { replayable = true, ...preflight } = options
  const serializer = { version: 1, serialize: notOpened, deserialize: notOpened }
  return {
    description: 'test source',
    boundedness: 'continuous-unbounded',
    replayable: replayable as Replay,
    mechanism: 'offsets',
    splitSerializer: serializer,
    enumeratorStateSerializer: serializer,
    createEnumerator: notOpened,
    createReader: notOpened,
    ...preflight,
  }
}

/** A sink for jobs that are only defined. */
export function sinkOf<In, Guarantee extends DeliveryGuarantee = 'exactly-once'>(
  options: { guarantee?: Guarantee } & Preflight = {},
): Sink<In, unknown, Guarantee> {
  const { guarantee = 'exactly-once', ...preflight } = options
  return {
    description: 'test sink',
    guarantee: guarantee as Guarantee,
    mechanism: 'transactions',
    createWriter: notOpened,
    createCommitter: notOpened,
    ...preflight,
  }
}
