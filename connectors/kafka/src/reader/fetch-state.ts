import type { FlinktsError } from '@flinkts/core/connector'
import type { Leader } from '../cluster/metadata-cache.ts'
import type { KafkaSplit } from '../split.ts'

/** What the fetcher sees of the reader of a partition. @internal */
export interface FetchTarget {
  readonly split: KafkaSplit
  readonly bufferedBytes: number
  readonly ended: boolean
  push(fetched: {
    readonly fetchOffset: number
    readonly records: Buffer
    readonly abortedTransactions: readonly {
      readonly producerId: number
      readonly firstOffset: number
    }[]
  }): void
}

/** Where the fetching of a partition is. @internal */
export class FetchState {
  readonly target: FetchTarget
  /** Of the next fetch (inclusive). */
  fetchOffset: number
  /** Of the batch before; -1: unknown. */
  lastFetchedEpoch: number
  partitionBytesMax: number
  /** Whose answer says where records end; -1: none yet. */
  endOffset = -1
  paused = false
  /** Undefined: unknown, to be found. */
  leader: Leader | undefined
  /** Another broker that the leader sent to. */
  replicaId: number | undefined
  /** In a row. */
  failureCount = 0
  /** On the monotonic clock; undefined: the last fetch worked. */
  failingSinceMs: number | undefined
  lastError: FlinktsError | undefined

  constructor(target: FetchTarget, partitionBytesMax: number) {
    this.target = target
    this.fetchOffset = target.split.nextOffset
    this.lastFetchedEpoch = target.split.leaderEpoch
    this.partitionBytesMax = partitionBytesMax
  }

  /** The broker to fetch from; undefined: the leader is to be found first. */
  get nodeId(): number | undefined {
    return this.leader === undefined ? undefined : (this.replicaId ?? this.leader.nodeId)
  }

  succeed(): void {
    this.failureCount = 0
    this.failingSinceMs = undefined
    this.lastError = undefined
  }

  /** The leader is to be found anew. */
  lose(error: FlinktsError, nowMs: number): void {
    this.leader = undefined
    this.replicaId = undefined
    this.failureCount += 1
    this.failingSinceMs ??= nowMs
    this.lastError = error
  }

  /** Goes on elsewhere than where the last fetch ended. */
  jumpTo(offset: number): void {
    this.fetchOffset = offset
    this.lastFetchedEpoch = -1
    this.target.push({ fetchOffset: offset, records: noBytes, abortedTransactions: [] })
  }
}

const noBytes = Buffer.alloc(0)
