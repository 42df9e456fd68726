import { unreachable } from '@flinkts/core/connector'
import type {
  CheckpointNotice,
  Source,
  SourceEvent,
  SourceReader,
  SourceReaderContext,
  SourceSplit,
  SplitOutput,
} from '@flinkts/core/connector'
import type { KitRecord } from '../../records/kit-record.ts'
import { violation } from '../violation.ts'
import type { Emitted, StoredState } from './source-checkpoint.ts'

/** What a barrier cut off of a reader. @internal */
export interface SubtaskCut {
  readonly splits: readonly StoredState[]
  /** Since the barrier before. */
  readonly emitted: readonly Emitted[]
}

/** What comes to a task with a reader, in order. @internal */
export type SubtaskMail =
  | { readonly type: 'splits'; readonly splits: readonly StoredState[] }
  | { readonly type: 'no-more-splits' }
  | { readonly type: 'event'; readonly event: SourceEvent }
  | { readonly type: 'notice'; readonly notice: CheckpointNotice }
  | {
      readonly type: 'barrier'
      readonly checkpointId: number
      readonly taken: (cut: SubtaskCut) => void
    }

/** @internal */
export interface SourceSubtaskParts {
  readonly source: Source<unknown>
  readonly context: SourceReaderContext
  readonly toRecords: (emitted: unknown) => readonly KitRecord[]
}

/**
 * A reader as its task drives it: mail between polls, a poll only when it is worth one.
 *
 * @internal
 */
export class SourceSubtask {
  readonly #parts: SourceSubtaskParts
  readonly #mail: SubtaskMail[] = []
  readonly #outputs = new Map<string, SplitOutput<unknown>>()
  readonly reader: SourceReader<unknown, SourceSplit>
  /** Since the last barrier. */
  #emitted: Emitted[] = []
  #status: 'ready' | 'waiting' | 'ended' = 'ready'
  #available: Promise<void> = Promise.resolve()
  /** Whether `#available` is a promise of the reader that has not resolved. */
  #promised = false
  #noMoreSplits = false
  #polling = false
  #budget = 0
  /** How often it was polled, in all. */
  pollCount = 0
  /** The most records of a poll after the one that was to be its last. */
  overrunMax = 0

  constructor(parts: SourceSubtaskParts) {
    this.#parts = parts
    this.reader = parts.source.createReader(parts.context)
  }

  get emitted(): readonly Emitted[] {
    return this.#emitted
  }

  get ended(): boolean {
    return this.#status === 'ended'
  }

  get hasMail(): boolean {
    return this.#mail.length > 0
  }

  start(restored: readonly StoredState[]): void {
    if (restored.length > 0) this.reader.addSplits(this.#read(restored))
    this.reader.start()
  }

  send(mail: SubtaskMail): void {
    this.#mail.push(mail)
  }

  /** Handles one piece of mail, if there is any. */
  handleMail(): void {
    const mail = this.#mail.shift()
    if (mail !== undefined) this.#handle(mail)
  }

  /** @returns whether another poll is worth it at once. */
  poll(recordsMax: number): boolean {
    return this.#status === 'ready' && this.#poll(recordsMax)
  }

  /**
   * Polls before the reader is available, as the engine may, and goes on waiting for the promise
   * that it has.
   *
   * @returns whether something was emitted.
   */
  pollEarly(recordsMax: number): boolean {
    if (this.#status !== 'waiting') return false
    const before = this.#emitted.length
    this.#poll(recordsMax)
    return this.#emitted.length > before
  }

  /** Whether the promise that the reader has given is still to resolve. */
  get promised(): boolean {
    return this.#promised
  }

  #poll(recordsMax: number): boolean {
    this.pollCount += 1
    this.#budget = recordsMax
    this.#polling = true
    const status = this.reader.pollNext({
      forSplit: (splitId) => this.#output(splitId),
      releaseSplit: (splitId) => void this.#outputs.delete(splitId),
    })
    this.#polling = false
    this.overrunMax = Math.max(this.overrunMax, -this.#budget)
    switch (status) {
      case 'more-available':
        this.#status = 'ready'
        return true
      case 'nothing-available':
        this.#wait()
        return false
      case 'end-of-input':
        if (!this.#noMoreSplits) throw violation('the input ends, and there may be more splits')
        this.#status = 'ended'
        return false
      default:
        return unreachable(status)
    }
  }

  /** Resolves when a poll is worth it; never for a reader that has ended. */
  whenReady(): Promise<void> {
    return this.ended ? new Promise(() => {}) : this.#available
  }

  #handle(mail: SubtaskMail): void {
    switch (mail.type) {
      case 'splits':
        return this.reader.addSplits(this.#read(mail.splits))
      case 'no-more-splits':
        this.#noMoreSplits = true
        return this.reader.notifyNoMoreSplits()
      case 'event':
        return this.reader.handleSourceEvent?.(mail.event)
      case 'notice':
        return this.reader.notifyCheckpointComplete?.(mail.notice)
      case 'barrier':
        return this.#snapshot(mail)
      default:
        return unreachable(mail)
    }
  }

  #snapshot({ checkpointId, taken }: Extract<SubtaskMail, { readonly type: 'barrier' }>): void {
    const { splitSerializer } = this.#parts.source
    const { version } = splitSerializer
    const splits = this.reader
      .snapshotState(checkpointId)
      .map((split) => ({ version, bytes: splitSerializer.serialize(split) }))
    const emitted = this.#emitted
    this.#emitted = []
    taken({ splits, emitted })
  }

  #wait(): void {
    this.#status = 'waiting'
    if (this.#promised) return
    this.#promised = true
    this.#available = this.reader.available().then(() => {
      this.#promised = false
      if (this.#status === 'waiting') this.#status = 'ready'
    })
  }

  #output(splitId: string): SplitOutput<unknown> {
    const existing = this.#outputs.get(splitId)
    if (existing !== undefined) return existing
    const output: SplitOutput<unknown> = {
      collect: (value) => this.#collect(splitId, value),
      collectSide: ({ id }) => {
        throw new Error(`the kit reads no side outputs, and so nothing of "${id}"`)
      },
      emitWatermark: () => {},
      markIdle: () => {},
    }
    this.#outputs.set(splitId, output)
    return output
  }

  #collect(splitId: string, value: unknown): boolean {
    if (!this.#polling) throw violation('a record is emitted outside of pollNext')
    for (const record of this.#parts.toRecords(value)) this.#emitted.push({ splitId, record })
    this.#budget -= 1
    return this.#budget > 0
  }

  #read(splits: readonly StoredState[]): readonly SourceSplit[] {
    const { splitSerializer } = this.#parts.source
    return splits.map(({ version, bytes }) => splitSerializer.deserialize(version, bytes))
  }
}
