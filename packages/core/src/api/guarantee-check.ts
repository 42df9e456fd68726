import { FlinktsError } from '../common/errors.ts'
import type { DeliveryGuarantee } from '../common/guarantee.ts'
import type { Sink } from '../connector/sink.ts'
import type { Source } from '../connector/source.ts'
import type { GraphBuilder } from './graph-builder.ts'

const strength: Readonly<Record<DeliveryGuarantee, number>> = {
  'at-least-once': 0,
  'effectively-once': 1,
  'exactly-once': 2,
}

/**
 * What the types say, for those who use none.
 *
 * @throws FlinktsError FLINKTS_GUARANTEE_VIOLATED
 * @internal
 */
export function checkSink(
  { jobName, guarantee }: GraphBuilder,
  operatorId: string,
  sink: Pick<Sink<never>, 'guarantee'>,
): void {
  if (strength[sink.guarantee] >= strength[guarantee]) return
  throw new FlinktsError(
    'FLINKTS_GUARANTEE_VIOLATED',
    `sink "${operatorId}" is ${sink.guarantee}, but job "${jobName}" promises ${guarantee}`,
    {
      hint:
        `Use a sink that is ${guarantee}, or define the job with guarantee ` +
        `"${sink.guarantee}".`,
    },
  )
}

/** @throws FlinktsError FLINKTS_GUARANTEE_VIOLATED @internal */
export function checkSource(
  { jobName, guarantee }: GraphBuilder,
  operatorId: string,
  source: Pick<Source<unknown>, 'replayable'>,
): void {
  if (source.replayable || guarantee === 'at-least-once') return
  throw new FlinktsError(
    'FLINKTS_GUARANTEE_VIOLATED',
    `source "${operatorId}" cannot replay, but job "${jobName}" promises ${guarantee}`,
    { hint: 'What a crash takes from it is lost: use a source that replays from a position.' },
  )
}
