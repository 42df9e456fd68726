/** Files as a source and as a transactional sink. */
export { fieldBucket, timeBucket } from './bucket.ts'
export type {
  BucketAssigner,
  BucketContext,
  FieldBucketValue,
  TimeBucketOptions,
} from './bucket.ts'
export type { FileCommittable } from './committable.ts'
export type { FileEnumeratorState } from './enumerator.ts'
export { localDirectory } from './local-object-store.ts'
export type {
  ByteRange,
  ListOptions,
  ObjectInfo,
  ObjectStore,
  PreparedUpload,
  PublishOutcome,
  Upload,
  UploadInfo,
} from './object-store.ts'
export type { FileSinkOptions, FileSourceOptions } from './options.ts'
export { fileSink } from './sink.ts'
export { fileSource } from './source.ts'
export type { FileSplit } from './split.ts'
