import type { Finding } from '@flinkts/core/connector'

/**
 * Files, or objects of a bucket, under one root. Paths are relative to it, separated by `/`,
 * without empty, `.` and `..` segments. Every method rejects with a `FlinktsError`:
 * `FLINKTS_STORAGE_UNWRITABLE`, `FLINKTS_STORAGE_FULL`, or `FLINKTS_STORAGE_FAILED` for what a
 * later try may do.
 *
 * @public
 */
export interface ObjectStore {
  /** Where the root is, for people: `/data/out`, `s3://bucket/out`. No secrets. */
  readonly location: string
  /** What would keep a job from reading or writing. Changes nothing. */
  check(access: 'read' | 'write'): Promise<readonly Finding[]>
  /** `undefined`: there is no such object. */
  stat(path: string): Promise<ObjectInfo | undefined>
  /** The visible objects whose path begins with `prefix`, ordered by path. */
  list(prefix: string, options?: ListOptions): AsyncIterable<ObjectInfo>
  /**
   * The bytes of a range, cut at the end of the object. `undefined`: there is no such object, or it
   * is no longer the `version` asked for.
   */
  get(path: string, range: ByteRange): Promise<Uint8Array | undefined>
  /** Creates or replaces an object, atomically; durable when it resolves. */
  put(path: string, bytes: Uint8Array): Promise<void>
  /** Removes an object; nothing happens if there is none. */
  delete(path: string): Promise<void>
  /**
   * Begins an object that stays invisible until it is published. `path` is unique for ever: a store
   * that must know a name now (an S3 multipart upload) uses it, and says so in
   * `PreparedUpload.path`.
   */
  createUpload(path: string): Promise<Upload>
  /**
   * Makes a prepared upload visible at `path` (or at its own `path`), atomically and durably. May
   * be called any number of times, by any process, after a crash at any point of an earlier call.
   */
  publish(prepared: PreparedUpload, path: string): Promise<PublishOutcome>
  /**
   * Unpublished uploads of any process, where the last segment of `createUpload`'s path has the
   * prefix.
   */
  listUploads(namePrefix: string): AsyncIterable<UploadInfo>
  /** Discards an unpublished upload; nothing happens if there is none. */
  abortUpload(upload: UploadInfo): Promise<void>
}

/**
 * What is known of an object without reading it.
 *
 * @public
 */
export interface ObjectInfo {
  readonly path: string
  readonly size: number
  /** Milliseconds since 1970. */
  readonly modifiedMs: number
  /** Changes when another object takes the path; it may stay when bytes are appended. */
  readonly version: string
}

/**
 * A part of an object.
 *
 * @public
 */
export interface ByteRange {
  /** Inclusive. */
  readonly start: number
  /** Exclusive; may lie beyond the object. */
  readonly end: number
  /** Only if the object still is this version. */
  readonly version?: string
}

/** @public */
export interface ListOptions {
  /** Whether to go below the first `/` after the prefix; default true. */
  readonly recursive?: boolean
}

/**
 * An object being written. One method at a time; `prepare` or `abort` comes last.
 *
 * @public
 */
export interface Upload {
  /** Does not use the bytes any more once it has resolved; until then they do not change. */
  append(bytes: Uint8Array): Promise<void>
  /** Makes what was appended durable, and still invisible: it survives the death of the machine. */
  prepare(): Promise<PreparedUpload>
  /** Discards everything. */
  abort(): Promise<void>
}

/**
 * An upload that can be published: plain JSON data, which goes into checkpoints.
 *
 * @public
 */
export interface PreparedUpload {
  /** What the store needs to find it again. */
  readonly token: string
  /** In bytes. */
  readonly size: number
  /** Where it will be, if the store had to decide when the upload began. */
  readonly path?: string
}

/** @public */
export interface UploadInfo {
  /** The last segment of the path that `createUpload` got. */
  readonly name: string
  /** As in `PreparedUpload`. */
  readonly token: string
}

/**
 * How `publish` went. `lost`: neither the upload nor the object exists. `conflict`: another object
 * is in its place.
 *
 * @public
 */
export type PublishOutcome = 'published' | 'already-published' | 'lost' | 'conflict'
