/** For tests: operators and jobs in the hand of a test, and whole jobs under simulation. */
export { type Prng, randomBelow, SeededPrng } from './common/prng.ts'
export {
  collectSink,
  type CollectedTransaction,
  type CollectSink,
} from './testing/collect-sink.ts'
export {
  collectionSource,
  type CollectionSourceOptions,
  type CollectionSplit,
} from './testing/collection-source.ts'
export type { HarnessElement } from './testing/harness/harness-outputs.ts'
export type { HarnessFile, HarnessSnapshot } from './testing/harness/harness-snapshot.ts'
export type { Harness } from './testing/harness/task-harness.ts'
export { connectorsOf, type JobConnectors, withConnectors } from './testing/job-connectors.ts'
export { ManualScheduler } from './testing/manual-scheduler.ts'
export { type SinkHooks, type SinkMoment, sinkWithMoments } from './testing/moments/sink-moments.ts'
export {
  type SourceHooks,
  type SourceMoment,
  sourceWithMoments,
} from './testing/moments/source-moments.ts'
export {
  type HarnessOptions,
  type HarnessStream,
  operatorHarness,
  type OperatorHarness,
  twoInputHarness,
  type TwoInputHarness,
  type TwoInputRecord,
} from './testing/operator-harness.ts'
export { runTestJob, type TestJobOptions } from './testing/run-test-job.ts'
export { simulate, type SimulationReport } from './testing/simulation/simulation.ts'
export {
  type FileStep,
  type SimulatedEntry,
  type SimulatedFileHandle,
  type SimulatedFiles,
  SimulatedFileSystem,
  type SimulatedStats,
} from './testing/simulated-file-system.ts'
