/** The service provider interface: what a source or a sink implements, and what it may use. */
export { assert, defined, unreachable } from './common/assert.ts'
export type { Clock } from './common/clock.ts'
export type { ErrorCode, ErrorDetails } from './common/errors.ts'
export { FlinktsError, messageOf, systemCodeOf } from './common/errors.ts'
export type { DeliveryGuarantee } from './common/guarantee.ts'
export type { LogFields, Logger } from './common/logger.ts'
export { silentLogger } from './common/logger.ts'
export type { Counter, MetricGroup } from './common/metrics.ts'
export { type OutputTag, outputTag } from './common/output-tag.ts'
export type { Cancellable, Scheduler } from './common/scheduler.ts'
export { delay } from './common/scheduler.ts'
export type { Serializer } from './common/serializer.ts'
export { nearNames, suggestionOf, unknownOption } from './common/suggestion.ts'
export type { AsyncContext, AsyncFunction, OpenAsyncFunction } from './connector/async-function.ts'
export type { CommitOutcome, Committer } from './connector/committer.ts'
export type { ConnectorContext, SubtaskContext } from './connector/context.ts'
export type { Finding, Preflight, PreflightContext } from './connector/preflight.ts'
export type { CommittedRecord, SinkProver, SourceProver } from './connector/prover.ts'
export type { SinkRecordContext, SinkWriter } from './connector/sink-writer.ts'
export type { Sink } from './connector/sink.ts'
export { type SingleSplit, singleSplit } from './connector/single-split.ts'
export type { CheckpointNotice, SourceEvent } from './connector/source-event.ts'
export type {
  InputStatus,
  SourceOutput,
  SourceReader,
  SourceReaderContext,
  SplitOutput,
} from './connector/source-reader.ts'
export type { Source } from './connector/source.ts'
export type { SourceSplit } from './connector/source-split.ts'
export type { SplitEnumerator, SplitEnumeratorContext } from './connector/split-enumerator.ts'
export { WakeSignal } from './connector/wake-signal.ts'
export { systemTime } from './platform/system-time.ts'
