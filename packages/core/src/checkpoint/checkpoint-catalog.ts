import { FlinktsError } from '../common/errors.ts'
import type { Storage } from '../common/storage.ts'
import { checkpointDirectory } from '../state/checkpoint-path.ts'
import { damageOfListFile } from '../state/list-file.ts'
import type { StateFileHandle } from '../state/operator-state.ts'
import { damageOfStateFile } from '../state/state-file.ts'
import { manifestPath, parseCheckpointDirectory } from './layout.ts'
import { type CheckpointManifest, decodeManifest } from './manifest.ts'

/** What is known of a checkpoint that has a manifest. @internal */
export interface CheckpointInspection {
  readonly checkpointId: number
  /** Absent if the manifest itself is damaged. */
  readonly manifest?: CheckpointManifest
  /** A `FLINKTS_CHECKPOINT_CORRUPT` that says which file is damaged. */
  readonly damage?: FlinktsError
}

/**
 * Reads the completed checkpoints of a job; changes nothing, so that it may look at a running job.
 *
 * @internal
 */
export class CheckpointCatalog {
  readonly #storage: Storage

  /** `storage` is rooted at the job's directory. */
  constructor(storage: Storage) {
    this.#storage = storage
  }

  /** The ids of all checkpoints that were begun and are not removed, in order. */
  async begun(): Promise<readonly number[]> {
    const names = await this.#storage.list('')
    const ids = names.map(parseCheckpointDirectory).filter((id) => id !== undefined)
    return ids.toSorted((left, right) => left - right)
  }

  /** The ids of the completed checkpoints, in order; also of those that are damaged. */
  async list(): Promise<readonly number[]> {
    const completed: number[] = []
    for (const checkpointId of await this.begun()) {
      if (await this.isCompleted(checkpointId)) completed.push(checkpointId)
    }
    return completed
  }

  async isCompleted(checkpointId: number): Promise<boolean> {
    return (await this.#storage.size(manifestPath(checkpointId))) !== undefined
  }

  /**
   * The newest completed checkpoint, its manifest and files checked; `undefined` if there is none.
   *
   * @throws FlinktsError FLINKTS_CHECKPOINT_CORRUPT, FLINKTS_STATE_UNREADABLE
   */
  async latest(): Promise<CheckpointManifest | undefined> {
    const newest = (await this.list()).at(-1)
    return newest === undefined ? undefined : this.read(newest)
  }

  /**
   * A completed checkpoint, its manifest and files checked.
   *
   * @throws FlinktsError FLINKTS_CHECKPOINT_NOT_FOUND, FLINKTS_CHECKPOINT_CORRUPT,
   * FLINKTS_STATE_UNREADABLE
   */
  async read(checkpointId: number): Promise<CheckpointManifest> {
    const { manifest, damage } = await this.inspect(checkpointId)
    if (damage !== undefined) throw damage
    if (manifest === undefined) throw await this.#notFound(checkpointId)
    return manifest
  }

  /**
   * Tells whether a completed checkpoint is damaged. State files are read to their end, one at a
   * time: what is wrong must be known before anything of the checkpoint is committed, since then
   * going back to an older one is no longer safe.
   *
   * @throws FlinktsError FLINKTS_CHECKPOINT_NOT_FOUND, FLINKTS_STATE_UNREADABLE
   */
  async inspect(checkpointId: number): Promise<CheckpointInspection> {
    const inspection = await this.inspectManifest(checkpointId)
    const { manifest } = inspection
    if (manifest === undefined) return inspection
    const damage = await this.#damagedFile(manifest)
    return damage === undefined ? inspection : { checkpointId, manifest, damage }
  }

  /**
   * Tells whether the manifest of a completed checkpoint is damaged; reads no state file.
   *
   * @throws FlinktsError FLINKTS_CHECKPOINT_NOT_FOUND, FLINKTS_STATE_UNREADABLE
   */
  async inspectManifest(checkpointId: number): Promise<CheckpointInspection> {
    const path = manifestPath(checkpointId)
    const bytes = await this.#storage.read(path)
    if (bytes === undefined) throw await this.#notFound(checkpointId)
    try {
      const manifest = decodeManifest(bytes)
      if (manifest.checkpointId !== checkpointId) {
        const found = `it is the manifest of checkpoint ${manifest.checkpointId}`
        return { checkpointId, damage: this.#damaged(checkpointId, path, found) }
      }
      return { checkpointId, manifest }
    } catch (error) {
      if (!(error instanceof FlinktsError)) throw error
      if (error.code !== 'FLINKTS_CHECKPOINT_CORRUPT') throw error
      return { checkpointId, damage: this.#damaged(checkpointId, path, error.message, error) }
    }
  }

  async #damagedFile(manifest: CheckpointManifest): Promise<FlinktsError | undefined> {
    for (const { subtasks } of manifest.operators) {
      for (const { keyed, listFile } of subtasks) {
        const damage =
          (await this.#damageOf(manifest, keyed, damageOfStateFile)) ??
          (await this.#damageOf(manifest, listFile, damageOfListFile))
        if (damage !== undefined) return damage
      }
    }
    return undefined
  }

  async #damageOf(
    { checkpointId }: CheckpointManifest,
    file: StateFileHandle | undefined,
    problemOf: (bytes: Uint8Array) => string | undefined,
  ): Promise<FlinktsError | undefined> {
    if (file === undefined) return undefined
    const { path, bytes } = file
    const found = await this.#storage.read(path)
    if (found === undefined) return this.#damaged(checkpointId, path, 'it is gone')
    if (found.length !== bytes) {
      return this.#damaged(checkpointId, path, `it has ${found.length} of ${bytes} bytes`)
    }
    const problem = problemOf(found)
    return problem === undefined ? undefined : this.#damaged(checkpointId, path, problem)
  }

  #damaged(
    checkpointId: number,
    path: string,
    problem: string,
    cause?: FlinktsError,
  ): FlinktsError {
    return new FlinktsError(
      'FLINKTS_CHECKPOINT_CORRUPT',
      `checkpoint ${checkpointId} is damaged: file '${path}' in '${this.#storage.location}': ` +
        problem,
      { hint: 'Restore the file from a backup.', cause },
    )
  }

  async #notFound(checkpointId: number): Promise<FlinktsError> {
    const present = (await this.list()).map(checkpointDirectory).join(', ')
    return new FlinktsError(
      'FLINKTS_CHECKPOINT_NOT_FOUND',
      `checkpoint '${checkpointDirectory(checkpointId)}' does not exist in ` +
        `'${this.#storage.location}'`,
      { hint: present === '' ? 'No checkpoint is stored there.' : `Stored there: ${present}.` },
    )
  }
}
