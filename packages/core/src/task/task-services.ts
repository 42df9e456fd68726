import type { Clock } from '../common/clock.ts'
import type { Logger } from '../common/logger.ts'
import type { MetricSink } from '../common/metrics.ts'
import type { Scheduler } from '../common/scheduler.ts'
import type { Storage } from '../common/storage.ts'
import type { ChannelLimits } from '../network/channel.ts'
import type { SliceLimits } from '../state/keyed-snapshot.ts'
import type { TaskLimits } from './stream-task.ts'

/** What tasks get from outside. @internal */
export interface TaskServices {
  readonly clock: Clock
  readonly scheduler: Scheduler
  readonly logger: Logger
  readonly metrics: MetricSink
  readonly storage: Storage
  readonly channelLimits: ChannelLimits
  readonly taskLimits: TaskLimits
  /** How much of a snapshot of keyed state is written in one step. */
  readonly sliceLimits: SliceLimits
}
