import { assert, delay } from '@flinkts/core/connector'
import type {
  CheckpointNotice,
  SourceEvent,
  SplitEnumerator,
  SplitEnumeratorContext,
} from '@flinkts/core/connector'
import type { PostgresClient, SystemIdentity } from './client.ts'
import type { EnumeratorState, SnapshotPhase } from './state/enumerator-state.ts'
import { snapshotSplit, streamSplit } from './state/enumerator-state.ts'
import type { Lsn } from './records/lsn.ts'
import { parseLsn } from './records/lsn.ts'
import { Preparation } from './snapshot/preparation.ts'
import { throwFirst } from './catalog/problem.ts'
import { checkPosition, readSlot, slotProblems, systemMismatch } from './catalog/slot.ts'
import { Backoff } from './runtime/backoff.ts'
import { SnapshotProgress } from './snapshot/snapshot-progress.ts'
import type { SourceContext } from './runtime/source-context.ts'
import type { PostgresSplit } from './split.ts'
import { checkMode, checkTables } from './state/restore-checks.ts'
import type { ChunksStored } from './state/source-events.ts'
import { asChunkFinished } from './state/source-events.ts'

/**
 * Prepares publication, slot and chunks, hands the chunks to readers, and then the stream to one of
 * them.
 *
 * ```
 * preparing --slot and chunks stand--> snapshot --every chunk is in a checkpoint--> streaming
 * ```
 *
 * The stream is handed out only once a completed checkpoint says that every chunk was emitted: so
 * in the output a row's snapshot comes before its changes, whatever crashes. A source without
 * stream stays in `snapshot`, and ends when the chunks do.
 *
 * @internal
 */
export class PostgresEnumerator implements SplitEnumerator<PostgresSplit, EnumeratorState> {
  readonly #engine: SplitEnumeratorContext<PostgresSplit>
  readonly #context: SourceContext
  readonly #restored: EnumeratorState | undefined
  readonly #closing = new AbortController()
  /** Aborted when the stream was handed out, and by `close`. */
  readonly #snapshotOver = new AbortController()
  readonly #readers = new Set<number>()
  /** Readers that asked for a split, once an ask. */
  #requests: number[] = []
  #state: EnumeratorState = { phase: 'preparing' }
  #progress: SnapshotProgress | undefined
  #client: PostgresClient | undefined
  /** Work between `start` and `close` that nobody else awaits. */
  #background: Promise<void> = Promise.resolve()

  constructor(
    engine: SplitEnumeratorContext<PostgresSplit>,
    context: SourceContext,
    restored: EnumeratorState | undefined,
  ) {
    this.#engine = engine
    this.#context = context
    this.#restored = restored
  }

  async start(): Promise<void> {
    const client = await this.#context.connect('enumerator', this.#closing.signal)
    this.#client = client
    if (this.#restored === undefined || this.#restored.phase === 'preparing') {
      const preparation = new Preparation(this.#context, client, this.#closing.signal)
      const { tables, publicationCreated } = await preparation.begin()
      this.#run(async () => {
        this.#enterSnapshot(await preparation.finish(tables, publicationCreated))
        await this.#watchSlot()
      })
      return
    }
    await this.#checkRestored(client, this.#restored)
    if (this.#restored.phase === 'streaming') {
      this.#state = this.#restored
      await this.#disconnect()
      return
    }
    this.#enterSnapshot(this.#restored)
    this.#run(() => this.#watchSlot())
  }

  addReader(subtask: number): void {
    this.#readers.add(subtask)
    this.#assign()
  }

  handleSplitRequest(subtask: number): void {
    this.#requests.push(subtask)
    this.#assign()
  }

  handleSourceEvent(subtask: number, event: SourceEvent): void {
    const finished = asChunkFinished(event)
    const { splitId } = finished
    if (this.#progress === undefined || this.#progress.finish(subtask, finished) === 'stored') {
      // The reader is of a checkpoint that already had the chunk here.
      this.#tellStored(subtask, [splitId])
      return
    }
    const { done, total } = this.#progress
    this.#context.logger.info('read a chunk of the snapshot', { splitId, done, total })
  }

  snapshotState(checkpointId: number): EnumeratorState {
    if (this.#progress === undefined) return this.#state
    return this.#progress.snapshot(checkpointId)
  }

  notifyCheckpointComplete(notice: CheckpointNotice): void {
    const stored = this.#progress?.stored(notice.checkpointId) ?? []
    for (const { subtask, splitId } of stored) this.#tellStored(subtask, [splitId])
    this.#assign()
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#snapshotOver.abort()
    await this.#disconnect()
    await this.#background
  }

  #enterSnapshot(state: SnapshotPhase): void {
    this.#state = state
    this.#progress = new SnapshotProgress(state)
    this.#assign()
  }

  #assign(): void {
    if (this.#progress === undefined || this.#closing.signal.aborted) return
    this.#assignChunks(this.#progress)
    if (this.#context.options.mode === 'snapshot-only') return this.#endReaders(this.#progress)
    this.#assignStream(this.#progress)
  }

  #assignChunks(progress: SnapshotProgress): void {
    while (this.#requests.length > 0) {
      const chunk = progress.next()
      if (chunk === undefined) return
      const subtask = this.#requests.shift()
      assert(subtask !== undefined, 'a request vanished')
      this.#engine.assignSplit(snapshotSplit(chunk.table, chunk.index, chunk.lsn), subtask)
    }
  }

  #endReaders(progress: SnapshotProgress): void {
    if (!progress.allAssigned) return
    for (const subtask of new Set(this.#requests)) this.#engine.signalNoMoreSplits(subtask)
    this.#requests = []
  }

  #assignStream(progress: SnapshotProgress): void {
    if (!progress.allStored) return
    const subtask = streamSubtask(this.#engine.operatorId, this.#engine.parallelism)
    if (!this.#readers.has(subtask)) return
    const { systemId, tables } = progress.state
    this.#engine.assignSplit(streamSplit(progress.state), subtask)
    this.#state = { phase: 'streaming', systemId, tables: tables.map((table) => table.table) }
    this.#progress = undefined
    this.#context.logger.info('the snapshot is complete; the stream begins', { subtask })
    this.#snapshotOver.abort()
  }

  #tellStored(subtask: number, splitIds: readonly string[]): void {
    const event: ChunksStored = { type: 'chunks-stored', splitIds }
    this.#engine.sendSourceEvent(subtask, event)
  }

  async #checkRestored(
    client: PostgresClient,
    restored: Exclude<EnumeratorState, { readonly phase: 'preparing' }>,
  ): Promise<void> {
    const { options, slot: name } = this.#context
    checkMode(options.mode, restored)
    checkTables(options.tables, restored)
    if (options.mode === 'snapshot-only') return
    const { systemId, database } = await this.#identifySystem()
    if (systemId !== restored.systemId) throw systemMismatch(restored.systemId, systemId)
    const slot = await readSlot(client, name)
    // While streaming, the position is the reader's: it checks that itself.
    const position = restored.phase === 'snapshot' ? parseLsn(restored.lsn) : slot?.confirmedLsn
    checkPosition(slot, name, position ?? 0n)
    throwFirst(slotProblems(slot, database))
  }

  async #identifySystem(): Promise<SystemIdentity> {
    const client = await this.#context.connectReplication(this.#closing.signal, async () => {})
    try {
      return await client.identifySystem()
    } finally {
      await client.close()
    }
  }

  /** Nobody reads from the slot while chunks are read, so nobody else would notice its loss. */
  async #watchSlot(): Promise<void> {
    const { scheduler, options } = this.#context
    const { signal } = this.#snapshotOver
    const backoff = new Backoff(this.#context)
    while (!signal.aborted && options.mode !== 'snapshot-only') {
      try {
        this.#client ??= await this.#context.connect('enumerator', signal)
        await this.#checkSlot(this.#client)
        backoff.reset()
        await delay(scheduler, options.stream.lagIntervalMs, signal)
      } catch (failure) {
        await this.#disconnect()
        if (!signal.aborted) await backoff.pause('the watch of the slot', failure, signal)
      }
    }
    await this.#disconnect()
  }

  async #checkSlot(client: PostgresClient): Promise<void> {
    const slot = await readSlot(client, this.#context.slot)
    checkPosition(slot, this.#context.slot, this.#startLsn())
    throwFirst(slotProblems(slot, this.#context.options.connection.database))
  }

  #startLsn(): Lsn {
    // Once the stream was handed out, its reader looks after the slot.
    return this.#progress === undefined ? lsnMax : parseLsn(this.#progress.state.lsn)
  }

  #run(work: () => Promise<void>): void {
    const running = work().catch((cause: unknown) => {
      if (!this.#closing.signal.aborted) this.#engine.fail(cause)
    })
    this.#background = Promise.all([this.#background, running]).then(() => {})
  }

  async #disconnect(): Promise<void> {
    const client = this.#client
    this.#client = undefined
    await client?.close()
  }
}

const lsnMax: Lsn = 2n ** 64n - 1n

/** Spreads the streams of several sources over the subtasks; the same one in every attempt. */
function streamSubtask(operatorId: string, parallelism: number): number {
  let sum = 0
  for (const character of operatorId) sum += character.codePointAt(0) ?? 0
  return sum % parallelism
}
