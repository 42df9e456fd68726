import { assert } from '../../common/assert.ts'
import { FlinktsError } from '../../common/errors.ts'
import type { ConnectorContext } from '../../connector/context.ts'

/** The name of a prepared transaction. @internal */
export interface SimulatedTransaction {
  readonly name: string
  /** The subtask that prepared it. */
  readonly place: string
  readonly checkpointId: number
}

/** Who writes, or commits. @internal */
export type SimulatedClient = Pick<ConnectorContext, 'jobId' | 'operatorId' | 'attempt'>

interface Prepared {
  readonly client: SimulatedClient
  readonly records: readonly string[]
}

/** What became visible of one lineage of a job. */
interface Lineage {
  readonly committed: Map<string, string[]>
  /** The newest attempt that wrote. */
  attempt: number
  recordCount: number
}

/** @internal */
export interface SimulatedTargetParts {
  /** Whether every commit must be the first one, and made in time. */
  readonly exactlyOnce: boolean
  /** Runs a check that must hold. */
  readonly guard: (check: () => void) => void
  /** Checks what is about to become visible by a commit. */
  readonly onCommit: (transaction: SimulatedTransaction) => void
}

/**
 * The system that simulated sinks write to: transactions are prepared, committed once, or removed.
 * What is committed is visible, and stays in the order of the commits.
 *
 * @internal
 */
export class SimulatedTarget {
  readonly #parts: SimulatedTargetParts
  readonly #lineages = new Map<string, Lineage>()
  readonly #prepared = new Map<string, Prepared>()
  /** Those that it remembers to have committed. */
  readonly #done = new Map<string, SimulatedTransaction>()
  /** The lineage of the newest attempt. */
  #jobId = ''

  constructor(parts: SimulatedTargetParts) {
    this.#parts = parts
  }

  /** What is visible of the newest lineage, by sink. */
  get committed(): ReadonlyMap<string, readonly string[]> {
    return this.#lineage(this.#jobId).committed
  }

  /** How many records that are. */
  get recordCount(): number {
    return this.#lineage(this.#jobId).recordCount
  }

  /** What is visible of older lineages. */
  get abandoned(): readonly ReadonlyMap<string, readonly string[]>[] {
    return [...this.#lineages].flatMap(([jobId, { committed }]) => {
      return jobId === this.#jobId ? [] : [committed]
    })
  }

  /** The transactions of the newest lineage that are neither committed nor removed. */
  get pending(): readonly { readonly name: string; readonly newest: boolean }[] {
    const { attempt } = this.#lineage(this.#jobId)
    return [...this.#prepared].flatMap(([name, { client }]) => {
      return client.jobId === this.#jobId ? [{ name, newest: client.attempt === attempt }] : []
    })
  }

  /** A writer starts, and removes what earlier attempts of its sink left behind. */
  openWriter({ jobId, operatorId, attempt }: SimulatedClient): void {
    const newest = Math.max(0, ...[...this.#lineages.values()].map((known) => known.attempt))
    if (attempt > newest) this.#jobId = jobId
    const lineage = this.#lineage(jobId)
    lineage.attempt = Math.max(lineage.attempt, attempt)
    for (const [name, { client }] of this.#prepared) {
      const same = client.jobId === jobId && client.operatorId === operatorId
      if (same && client.attempt < attempt) this.#prepared.delete(name)
    }
  }

  prepare(name: string, prepared: Prepared): void {
    this.#prepared.set(name, prepared)
  }

  commit(
    transaction: SimulatedTransaction,
    committer: SimulatedClient,
  ): 'committed' | 'already-committed' {
    const { name } = transaction
    if (this.#done.has(name)) return 'already-committed'
    const prepared = this.#prepared.get(name)
    if (prepared === undefined) {
      throw new FlinktsError('FLINKTS_COMMIT_REJECTED', `transaction "${name}" is gone`)
    }
    this.#parts.guard(() => {
      if (this.#parts.exactlyOnce) this.#checkFenced(committer)
      this.#parts.onCommit(transaction)
    })
    this.#prepared.delete(name)
    this.#done.set(name, transaction)
    this.show(prepared.client, prepared.records)
    return 'committed'
  }

  /**
   * Whoever asks again for what a subtask prepared before the checkpoint is refused from now on.
   */
  forget({ place }: SimulatedTransaction, beforeCheckpointId: number): void {
    for (const [name, done] of this.#done) {
      if (done.place === place && done.checkpointId < beforeCheckpointId) this.#done.delete(name)
    }
  }

  /** Makes records visible. */
  show({ jobId, operatorId }: SimulatedClient, records: readonly string[]): void {
    const lineage = this.#lineage(jobId)
    const visible = lineage.committed.get(operatorId) ?? []
    visible.push(...records)
    lineage.committed.set(operatorId, visible)
    lineage.recordCount += records.length
  }

  /** I5: a later attempt has committed everything before it wrote; nothing is left for this one. */
  #checkFenced({ jobId, attempt }: SimulatedClient): void {
    const newest = this.#lineage(jobId).attempt
    assert(attempt >= newest, `I5: attempt ${attempt} commits although attempt ${newest} writes`)
  }

  #lineage(jobId: string): Lineage {
    const known = this.#lineages.get(jobId)
    if (known !== undefined) return known
    const lineage = { committed: new Map<string, string[]>(), attempt: 0, recordCount: 0 }
    this.#lineages.set(jobId, lineage)
    return lineage
  }
}
