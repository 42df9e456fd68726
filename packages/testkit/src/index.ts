/** The conformance kit: what a connector declares, tested by crashes against the real system. */
export type {
  SinkCapabilities,
  SinkCapability,
  SinkMechanism,
} from './capabilities/sink-capabilities.ts'
export type { SourceCapabilities, SourceCapability } from './capabilities/source-capabilities.ts'
export type {
  ConnectorDriver,
  InvalidOptions,
  JsonValue,
  SchemaChange,
  UnreachableTarget,
} from './driver/connector-driver.ts'
export type { SinkDriver } from './driver/sink-driver.ts'
export type { SourceDriver } from './driver/source-driver.ts'
export type { KitRecord, VisibleRecord } from './records/kit-record.ts'
export type { KitValues, ValueKind } from './records/kit-values.ts'
export type { ConformanceReport, ReportedCheck } from './report/conformance-report.ts'
export type { DescribeOptions } from './vitest/describe-connector.ts'
export { describeSink } from './vitest/describe-sink.ts'
export { describeSource } from './vitest/describe-source.ts'
