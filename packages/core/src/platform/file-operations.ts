/**
 * The operations of `node:fs/promises` that `NodeStorage` needs, as it calls them: a test puts a
 * file system in their place that loses power.
 *
 * @internal
 */
export interface FileOperations {
  readFile(path: string): Promise<Uint8Array>
  stat(path: string): Promise<{ readonly size: number; isFile(): boolean }>
  readdir(path: string): Promise<string[]>
  open(path: string, flags: 'r' | 'w' | 'wx'): Promise<OpenFile>
  /** @returns the topmost directory that was created, if any. */
  mkdir(path: string, options: { readonly recursive: true }): Promise<string | undefined>
  link(existing: string, path: string): Promise<void>
  rename(from: string, to: string): Promise<void>
  rm(path: string, options: { readonly recursive?: boolean; readonly force: true }): Promise<void>
}

/** An opened file, or a directory opened to be synced. @internal */
export interface OpenFile {
  /** Writes on from where the file is, and maybe not all. */
  write(bytes: Uint8Array, offset: number): Promise<{ readonly bytesWritten: number }>
  datasync(): Promise<void>
  sync(): Promise<void>
  close(): Promise<void>
}
