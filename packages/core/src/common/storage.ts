/**
 * The files under one root: what checkpoints are written to. Paths are relative, `/`-separated,
 * without `.` or `..`. Every method rejects with a `FlinktsError` (`FLINKTS_STORAGE_UNWRITABLE`,
 * `_FULL`, `_FAILED`) when the medium fails. What is durable survives the death of the process and
 * of the machine.
 *
 * @public
 */
export interface Storage {
  /** Where the root is, for messages. */
  readonly location: string
  /** The whole file; `undefined` if there is none. */
  read(path: string): Promise<Uint8Array | undefined>
  /** The length of a file in bytes; `undefined` if there is none. */
  size(path: string): Promise<number | undefined>
  /**
   * Creates or replaces a file with `chunks`, one after the other, and its directories. Durable
   * when it resolves, but not atomic: a crash may leave a part of it. The bytes of a chunk must not
   * change before the promise has settled. @returns the number of bytes written.
   */
  write(path: string, chunks: Iterable<Uint8Array>): Promise<number>
  /**
   * Atomically creates `path` with `bytes`; durable when it resolves. @returns false, and changes
   * nothing, if the file exists: of several creators exactly one gets true.
   */
  createExclusive(path: string, bytes: Uint8Array): Promise<boolean>
  /**
   * Atomically moves a file or directory, replacing a file at `to`; durable when it resolves.
   * Never creates a directory: fencing depends on it.
   * @returns false, and changes nothing, if there is nothing at `from` or no directory to hold
   * `to`.
   */
  rename(from: string, to: string): Promise<boolean>
  /** The names of the files and directories in a directory, in order; empty if there is none. */
  list(directory: string): Promise<readonly string[]>
  /**
   * Removes a file, or a directory with all in it (not atomic); nothing happens if there is none.
   * Durable when it resolves.
   */
  remove(path: string): Promise<void>
}
