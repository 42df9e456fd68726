/** Defining and running jobs. */
export type { JobFinding } from './api/check-job.ts'
export { ConnectedStreams, KeyedConnectedStreams } from './api/connected-streams.ts'
export { consoleLogger } from './api/console-logger.ts'
export { DataStream } from './api/data-stream.ts'
export { defineJob, type JobDefinition } from './api/define-job.ts'
export {
  type ExplainedSink,
  type ExplainedSource,
  type ExplainedState,
  explainJob,
  type JobExplanation,
} from './api/explain-job.ts'
export type { OperatorOptions } from './api/graph-builder.ts'
export { BoundedIntervalJoin, IntervalJoin } from './api/interval-join.ts'
export type { JobOptions } from './api/job-options.ts'
export { KeyedStream } from './api/keyed-stream.ts'
export { checkJob, runJob, type RunJobOptions } from './api/run-job.ts'
export type { JobHandle, RunOptions } from './api/start-job.ts'
export { type Replays, StreamEnvironment } from './api/stream-environment.ts'
export { type ErrorCode, type ErrorDetails, FlinktsError } from './common/errors.ts'
export type { Accepts, DeliveryGuarantee } from './common/guarantee.ts'
export { type LogFields, type Logger, silentLogger } from './common/logger.ts'
export type { JobMetrics, MetricValue } from './common/metric-registry.ts'
export type { CheckpointStats, Counter, MetricScope, MetricSink } from './common/metrics.ts'
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
  IntervalJoinContext,
  IntervalJoinFunction,
} from './operators/join/interval-join-function.ts'
export type {
  KeyedContext,
  KeyedProcess,
  TimeDomain,
  TimerContext,
  Timers,
} from './operators/keyed-process-function.ts'
export type { OperatorType } from './operators/operator-definition.ts'
export { type OutputTag, outputTag } from './operators/output-tag.ts'
export type { LogFormat, LogLevel } from './platform/console-logger.ts'
export type { JobStatus } from './scheduler/job-master.ts'
export type { RestartStrategy } from './scheduler/restart-strategy.ts'
export { type Key, maxParallelismLimit } from './state/key.ts'
export {
  type ListState,
  listState,
  type MapState,
  mapState,
  type StateDeclarations,
  type StateDescriptor,
  type StateKind,
  type States,
  type ValueState,
  valueState,
} from './state/state-descriptor.ts'
