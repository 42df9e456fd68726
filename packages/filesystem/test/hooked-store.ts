import type {
  ByteRange,
  ListOptions,
  ObjectInfo,
  ObjectStore,
  PreparedUpload,
  PublishOutcome,
  Upload,
  UploadInfo,
} from '../src/index.ts'

/** Runs every operation of a store: may hold it, fail it, or never give it back. */
export type Hook = <T>(operation: string, run: () => Promise<T>) => Promise<T>

/** A store whose operations all go through a hook. */
export class HookedStore implements ObjectStore {
  readonly location: string
  readonly #store: ObjectStore
  readonly #hook: Hook

  constructor(store: ObjectStore, hook: Hook) {
    this.location = store.location
    this.#store = store
    this.#hook = hook
  }

  async check(access: 'read' | 'write'): ReturnType<ObjectStore['check']> {
    return this.#hook('check', async () => this.#store.check(access))
  }

  async stat(path: string): Promise<ObjectInfo | undefined> {
    return this.#hook('stat', async () => this.#store.stat(path))
  }

  async *list(prefix: string, options?: ListOptions): AsyncIterable<ObjectInfo> {
    yield* await this.#hook('list', async () => gather(this.#store.list(prefix, options)))
  }

  async get(path: string, range: ByteRange): Promise<Uint8Array | undefined> {
    return this.#hook('get', async () => this.#store.get(path, range))
  }

  async put(path: string, bytes: Uint8Array): Promise<void> {
    return this.#hook('put', async () => this.#store.put(path, bytes))
  }

  async delete(path: string): Promise<void> {
    return this.#hook('delete', async () => this.#store.delete(path))
  }

  async createUpload(path: string): Promise<Upload> {
    const upload = await this.#hook('createUpload', async () => this.#store.createUpload(path))
    const hook = this.#hook
    return {
      append: async (bytes) => hook('append', async () => upload.append(bytes)),
      prepare: async () => hook('prepare', async () => upload.prepare()),
      abort: async () => hook('abort', async () => upload.abort()),
    }
  }

  async publish(prepared: PreparedUpload, path: string): Promise<PublishOutcome> {
    return this.#hook('publish', async () => this.#store.publish(prepared, path))
  }

  async *listUploads(namePrefix: string): AsyncIterable<UploadInfo> {
    yield* await this.#hook('listUploads', async () => gather(this.#store.listUploads(namePrefix)))
  }

  async abortUpload(upload: UploadInfo): Promise<void> {
    return this.#hook('abortUpload', async () => this.#store.abortUpload(upload))
  }
}

export async function gather<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const gathered: T[] = []
  for await (const item of items) gathered.push(item)
  return gathered
}
