/** Defining and running jobs. */
export type { JobFinding } from './api/check-job.ts'
export { ConnectedStreams, KeyedConnectedStreams } from './api/connected-streams.ts'
export { consoleLogger } from './api/console-logger.ts'
export {
  BroadcastConnectedStreams,
  BroadcastStream,
  KeyedBroadcastConnectedStreams,
} from './api/broadcast-stream.ts'
export { DataStream } from './api/data-stream.ts'
export { defineJob, type JobDefinition } from './api/define-job.ts'
export {
  type ExplainedSink,
  type ExplainedSource,
  type ExplainedState,
  type ExplainedThread,
  explainJob,
  type JobExplanation,
} from './api/explain-job.ts'
export type { OperatorOptions } from './api/graph-builder.ts'
export { BoundedIntervalJoin, IntervalJoin } from './api/interval-join.ts'
export type { JobOptions } from './api/job-options.ts'
export { KeyedStream } from './api/keyed-stream.ts'
export { checkJob, runJob, type RunJobOptions } from './api/run-job.ts'
export type { JobHandle, RunOptions } from './api/start-job.ts'
export { WindowedJoin, WindowJoin } from './api/window-join.ts'
export { WindowedStream, type WindowOptionsWithFunction } from './api/windowed-stream.ts'
export { type Replays, type SourceOptions, StreamEnvironment } from './api/stream-environment.ts'
export { type ErrorCode, type ErrorDetails, FlinktsError } from './common/errors.ts'
export type { Accepts, DeliveryGuarantee } from './common/guarantee.ts'
export { type LogFields, type Logger, type LogLevel, silentLogger } from './common/logger.ts'
export type { JobMetrics, MetricValue } from './common/metric-registry.ts'
export type { CheckpointStats, Counter, MetricScope, MetricSink } from './common/metrics.ts'
export type { AsyncContext } from './connector/async-function.ts'
export type {
  ExecutionPlan,
  PlanEdge,
  PlanOperator,
  PlanPartitioning,
  PlanTarget,
  PlanVertex,
} from './graph/execution-plan.ts'
export type { CoContext, CoProcess, KeyedCoProcess } from './operators/co-process-function.ts'
export type {
  BroadcastContext,
  BroadcastProcess,
  KeyedAndBroadcast,
  KeyedBroadcastProcess,
} from './operators/broadcast/broadcast-function.ts'
export type { AsyncOptions, AsyncRetry } from './operators/async/async-options.ts'
export type {
  IntervalJoinContext,
  IntervalJoinFunction,
} from './operators/join/interval-join-function.ts'
export type {
  CoGroupFunction,
  WindowJoinFunction,
  WindowJoinRecord,
} from './operators/join/window-join-function.ts'
export type {
  KeyedContext,
  KeyedProcess,
  TimeDomain,
  TimerContext,
  Timers,
} from './operators/keyed-process-function.ts'
export type { OperatorType } from './operators/operator-definition.ts'
export { type OutputTag, outputTag } from './common/output-tag.ts'
export type { Comparable } from './operators/rolling-aggregate.ts'
export {
  slidingEventTimeWindows,
  slidingProcessingTimeWindows,
  tumblingEventTimeWindows,
  tumblingProcessingTimeWindows,
  type WindowOptions,
} from './operators/window/aligned-windows.ts'
export { countTrigger, deltaTrigger, purging } from './operators/window/count-triggers.ts'
export {
  countEvictor,
  deltaEvictor,
  type Evictor,
  type EvictorOptions,
  timeEvictor,
  type WindowElement,
} from './operators/window/evictor.ts'
export { globalWindows } from './operators/window/global-windows.ts'
export { neverTrigger } from './operators/window/never-trigger.ts'
export {
  dynamicEventTimeSessionWindows,
  dynamicProcessingTimeSessionWindows,
  sessionEventTimeWindows,
  sessionProcessingTimeWindows,
} from './operators/window/session-windows.ts'
export {
  continuousEventTimeTrigger,
  continuousProcessingTimeTrigger,
  endOfStreamTrigger,
  eventTimeTrigger,
  processingTimeTrigger,
} from './operators/window/time-triggers.ts'
export type { Trigger, TriggerContext, TriggerResult } from './operators/window/trigger.ts'
export type {
  MergedWindow,
  WindowAssigner,
  WindowAssignerContext,
} from './operators/window/window-assigner.ts'
export type {
  WindowAggregate,
  WindowContext,
  WindowFunction,
} from './operators/window/window-function.ts'
export { maxTimestampOf, type Window } from './operators/window/window.ts'
export type { LogFormat } from './platform/console-logger.ts'
export type { JobStatus } from './scheduler/job-master.ts'
export type { RestartStrategy } from './scheduler/restart-strategy.ts'
export {
  type BroadcastDeclarations,
  type BroadcastState,
  type BroadcastStateDescriptor,
  type BroadcastStates,
  broadcastState,
  type ReadOnlyBroadcastState,
  type ReadOnlyBroadcastStates,
} from './state/broadcast-state.ts'
export { type Key, maxParallelismLimit } from './state/key.ts'
export type { AggregateFunction } from './state/aggregate-function.ts'
export {
  type AggregatingState,
  aggregatingState,
  type ListState,
  listState,
  type MapState,
  mapState,
  type ReducingState,
  reducingState,
  type StateDeclarations,
  type StateDescriptor,
  type StateKind,
  type StateOptions,
  type States,
  type ValueState,
  valueState,
} from './state/state-descriptor.ts'
export type { StateTtl } from './state/state-ttl.ts'
export type { WatermarkGenerator, WatermarkOutput } from './time/watermark-generator.ts'
export {
  boundedOutOfOrderness,
  ingestionTime,
  monotonousTimestamps,
  noWatermarks,
  type TimestampAssigner,
  watermarkGenerator,
  WatermarkStrategy,
} from './time/watermark-strategy.ts'
