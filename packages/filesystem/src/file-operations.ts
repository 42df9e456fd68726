/**
 * The operations of `node:fs/promises` that `LocalObjectStore` needs, as it calls them: a test puts
 * a file system in their place that loses power.
 *
 * @internal
 */
export interface FileOperations {
  access(path: string, mode: number): Promise<void>
  stat(path: string): Promise<FileStats>
  readdir(path: string, options: { readonly withFileTypes: true }): Promise<DirectoryEntry[]>
  open(path: string, flags: 'r' | 'w' | 'wx'): Promise<OpenFile>
  /** @returns the topmost directory that was created, if any. */
  mkdir(path: string, options: { readonly recursive: true }): Promise<string | undefined>
  rename(from: string, to: string): Promise<void>
  unlink(path: string): Promise<void>
}

/** @internal */
export interface FileStats {
  readonly size: number
  readonly ino: number
  readonly mtimeMs: number
  isFile(): boolean
  isDirectory(): boolean
}

/** @internal */
export interface DirectoryEntry {
  readonly name: string
  isDirectory(): boolean
}

/** An opened file, or a directory opened to be synced. @internal */
export interface OpenFile {
  stat(): Promise<FileStats>
  /** Reads `length` bytes from `position` of the file to `offset` of `buffer`, and maybe fewer. */
  read(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }>
  /** Writes on from where the file is, and maybe not all. */
  write(bytes: Uint8Array, offset: number): Promise<{ readonly bytesWritten: number }>
  datasync(): Promise<void>
  sync(): Promise<void>
  close(): Promise<void>
}
