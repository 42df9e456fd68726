import { assert } from '../common/assert.ts'
import { messageOf } from '../common/errors.ts'
import type { DeliveryGuarantee } from '../common/guarantee.ts'
import { type Logger, silentLogger } from '../common/logger.ts'
import type { Storage } from '../common/storage.ts'
import type { CheckpointNotice } from '../connector/source-event.ts'
import type { Attempt } from './attempt.ts'
import { CheckpointCatalog } from './checkpoint-catalog.ts'
import { checkpointDirectory } from '../state/checkpoint-path.ts'
import { loadLists } from './load-lists.ts'
import { begunPath, manifestPath } from './layout.ts'
import { type CheckpointManifest, encodeManifest } from './manifest.ts'
import { chooseRestore } from './restore-choice.ts'

/** @internal */
export interface CheckpointStoreOptions {
  /** How many completed checkpoints are kept, >= 1 (default 2). */
  readonly retainedMax?: number
  readonly logger?: Logger
}

/** How a job finds its checkpoint at the start of an attempt. @internal */
export interface RecoverOptions {
  /** What the job promises; it decides whether output may be repeated. */
  readonly guarantee: DeliveryGuarantee
  /** The checkpoint that the user asked for; newer ones are set aside for good. */
  readonly from?: number
}

const defaultRetainedMax = 2

/**
 * The checkpoints of a job, as the current attempt writes them.
 *
 * Order of calls: `recover` once, then for every checkpoint `begin`, the writing of its state
 * files, and `complete` or `discard`. One call at a time, except that state files may be written at
 * any time between `begin` and the end of the checkpoint.
 *
 * @internal
 */
export class CheckpointStore {
  readonly #storage: Storage
  readonly #attempt: Attempt
  readonly #catalog: CheckpointCatalog
  readonly #retainedMax: number
  readonly #logger: Logger

  /** `storage` is rooted at the job's directory, as that of the attempt. */
  constructor(storage: Storage, attempt: Attempt, options: CheckpointStoreOptions = {}) {
    this.#storage = storage
    this.#attempt = attempt
    this.#catalog = new CheckpointCatalog(storage)
    this.#retainedMax = options.retainedMax ?? defaultRetainedMax
    this.#logger = options.logger ?? silentLogger
    assert(this.#retainedMax >= 1, 'at least one checkpoint is retained')
  }

  /**
   * The checkpoint to restore, checked, durable and with its lists loaded; `undefined`: there is
   * none, start afresh. Removes what dead attempts left unfinished. Commit the committables of the
   * checkpoint before anything else is done.
   *
   * @throws FlinktsError FLINKTS_CHECKPOINT_CORRUPT if going back to an intact one is not safe,
   * FLINKTS_CHECKPOINT_NOT_FOUND, FLINKTS_STATE_UNREADABLE, FLINKTS_ATTEMPT_FENCED
   */
  async recover(options: RecoverOptions): Promise<CheckpointManifest | undefined> {
    try {
      await this.#archiveOtherLineages()
      const { manifest, passedOver } = await this.#choose(options)
      for (const checkpointId of passedOver) await this.#setAside(checkpointId)
      if (manifest !== undefined) await this.#confirm(manifest.checkpointId)
      await this.#removeUnfinished(Number.POSITIVE_INFINITY)
      return manifest === undefined ? undefined : await loadLists(manifest, this.#storage)
    } finally {
      // What was read while a later attempt changed it is no ground for anything, nor an error.
      await this.#attempt.assertCurrent()
    }
  }

  /**
   * Sets every checkpoint aside, for a fresh start: `recover` finds none. They are removed for good
   * when the new lineage has a checkpoint.
   *
   * @throws FlinktsError FLINKTS_ATTEMPT_FENCED
   */
  async archive(): Promise<void> {
    for (const checkpointId of await this.#catalog.list()) await this.#setAside(checkpointId)
  }

  /** The id for the next checkpoint: higher than every id that was ever begun. */
  async nextCheckpointId(): Promise<number> {
    const highest = (await this.#catalog.begun()).at(-1) ?? 0
    return Math.max(this.#attempt.nextCheckpointId, highest + 1)
  }

  /**
   * Takes the id for ever, and creates the directory for state files. Await it before anything
   * writes under this id.
   *
   * @throws FlinktsError FLINKTS_ATTEMPT_FENCED
   */
  async begin(checkpointId: number): Promise<void> {
    assert(checkpointId >= this.#attempt.nextCheckpointId, 'a checkpoint id is not used again')
    const path = begunPath(checkpointId)
    const marker = new TextEncoder().encode(`{"attempt":${this.#attempt.number}}\n`)
    const created = await this.#storage.createExclusive(path, marker)
    // A fenced attempt that created it first finds out here, before it has used the id.
    await this.#attempt.assertCurrent()
    assert(created || (await this.#takeOver(path, marker)), 'a checkpoint is begun once')
  }

  /**
   * Publishes the manifest. The checkpoint exists when the manifest has got its name, and for
   * certain when this resolves; older checkpoints than the newest `retainedMax` are then gone.
   *
   * When it rejects, the checkpoint may or may not exist: call `discard`.
   *
   * @returns what connectors are told: everything before the oldest retained checkpoint is
   * forgettable.
   * @throws FlinktsError FLINKTS_ATTEMPT_FENCED: it does not exist, and never will.
   */
  async complete(manifest: CheckpointManifest): Promise<CheckpointNotice> {
    this.#check(manifest)
    const { checkpointId } = manifest
    const older = await this.#catalog.list()
    const inOrder = (older.at(-1) ?? 0) < checkpointId
    // The newer one may be of a later attempt.
    if (!inOrder) await this.#attempt.assertCurrent()
    assert(inOrder, 'checkpoints complete in the order of their ids')
    const staged = `${checkpointDirectory(checkpointId)}/manifest.staged.json`
    await this.#storage.write(staged, [encodeManifest(manifest)])
    await this.#attempt.move(staged, manifestPath(checkpointId))
    const oldestRetainedId = await this.#prune([...older, checkpointId])
    return { checkpointId, oldestRetainedId }
  }

  /**
   * Removes what an aborted checkpoint has written; its id stays taken.
   *
   * @returns false, and changes nothing, if the checkpoint is complete.
   * @throws FlinktsError FLINKTS_ATTEMPT_FENCED
   */
  async discard(checkpointId: number): Promise<boolean> {
    if (await this.#catalog.isCompleted(checkpointId)) return false
    await this.#remove(checkpointId)
    return true
  }

  /** The newest completed checkpoint; see `CheckpointCatalog.latest`. */
  latest(): Promise<CheckpointManifest | undefined> {
    return this.#catalog.latest()
  }

  /** The ids of the completed checkpoints, in order. */
  list(): Promise<readonly number[]> {
    return this.#catalog.list()
  }

  /** A fresh start may have died before it had archived all. */
  async #archiveOtherLineages(): Promise<void> {
    for (const checkpointId of await this.#catalog.list()) {
      const { manifest } = await this.#catalog.inspectManifest(checkpointId)
      // One that cannot be read may be ours: it must not be lost without a word.
      if (manifest === undefined || manifest.jobId === this.#attempt.jobId) continue
      await this.#setAside(checkpointId)
    }
  }

  async #choose({ guarantee, from }: RecoverOptions): Promise<{
    readonly manifest: CheckpointManifest | undefined
    readonly passedOver: readonly number[]
  }> {
    const newestFirst = (await this.#catalog.list()).toReversed()
    if (from !== undefined) {
      const manifest = await this.#catalog.read(from)
      return { manifest, passedOver: newestFirst.filter((id) => id > from) }
    }
    const inspections = []
    for (const id of newestFirst) {
      const inspection = await this.#catalog.inspect(id)
      inspections.push(inspection)
      if (inspection.damage === undefined) break
    }
    return chooseRestore(inspections, guarantee) ?? { manifest: undefined, passedOver: [] }
  }

  /** A checkpoint that was passed over must not come back when the next attempt looks. */
  async #setAside(checkpointId: number): Promise<void> {
    this.#logger.warn('checkpoint set aside', { checkpointId })
    await this.#attempt.move(manifestPath(checkpointId), setAsidePath(checkpointId))
  }

  /**
   * Makes the manifest's name durable: its publisher may have died between the rename and the sync
   * of the directory, and what is committed now must not become undone by a power failure.
   */
  async #confirm(checkpointId: number): Promise<void> {
    const path = `${checkpointDirectory(checkpointId)}/restored.json`
    const content = `{"attempt":${this.#attempt.number}}\n`
    await this.#storage.write(path, [new TextEncoder().encode(content)])
  }

  /**
   * Whether the marker was left by an older attempt, which then never used the id; makes it ours.
   */
  async #takeOver(path: string, marker: Uint8Array): Promise<boolean> {
    const found = await this.#storage.read(path)
    if (found !== undefined && Buffer.compare(found, marker) === 0) return false
    const staged = `${path}.staged`
    await this.#storage.write(staged, [marker])
    await this.#attempt.move(staged, path)
    return true
  }

  #check(manifest: CheckpointManifest): void {
    const { attempt, jobId, checkpointId } = manifest
    assert(attempt === this.#attempt.number, 'an attempt completes its own checkpoints')
    assert(jobId === this.#attempt.jobId, 'a checkpoint belongs to the lineage of its attempt')
    const directory = `${checkpointDirectory(checkpointId)}/`
    for (const { subtasks } of manifest.operators) {
      const own = subtasks.every(({ keyed, listFile }) =>
        [keyed, listFile].every((file) => file?.path.startsWith(directory) ?? true),
      )
      assert(own, 'state files are in the directory of their checkpoint')
    }
  }

  /**
   * Removes what is not retained. A failure is not one of the checkpoint: the rest stays for next
   * time.
   *
   * @returns the oldest checkpoint that is left.
   */
  async #prune(completed: readonly number[]): Promise<number> {
    let oldest = 0
    const removable = completed.length - this.#retainedMax
    try {
      for (; oldest < removable; oldest += 1) await this.#remove(completed[oldest] ?? 0)
      await this.#removeUnfinished(completed.at(-1) ?? 0)
    } catch (error) {
      this.#logger.warn('old checkpoints could not be removed', { reason: messageOf(error) })
    }
    return completed[oldest] ?? 0
  }

  /**
   * Removes checkpoints without a manifest below `limit` (exclusive): nobody will complete them.
   */
  async #removeUnfinished(limit: number): Promise<void> {
    const [oldestRetained = 0] = await this.#catalog.list()
    for (const checkpointId of await this.#catalog.begun()) {
      if (checkpointId >= limit) break
      if (await this.#catalog.isCompleted(checkpointId)) continue
      if (checkpointId > oldestRetained && (await this.#isSetAside(checkpointId))) continue
      await this.#remove(checkpointId)
    }
  }

  /** Kept as long as an older one, so that people can look into it. */
  async #isSetAside(checkpointId: number): Promise<boolean> {
    return (await this.#storage.size(setAsidePath(checkpointId))) !== undefined
  }

  /** The marker of the highest id stays: it is what keeps the id from being used again. */
  async #remove(checkpointId: number): Promise<void> {
    const directory = checkpointDirectory(checkpointId)
    const highest = (await this.#catalog.begun()).at(-1) ?? 0
    if (checkpointId < highest) return this.#attempt.remove(directory)
    for (const name of await this.#storage.list(directory)) {
      const path = `${directory}/${name}`
      if (path !== begunPath(checkpointId)) await this.#attempt.remove(path)
    }
  }
}

/** The manifest of a checkpoint that was passed over. */
function setAsidePath(checkpointId: number): string {
  return `${checkpointDirectory(checkpointId)}/manifest.set-aside.json`
}
