import { FlinktsError } from '../common/errors.ts'
import type { Serializer } from '../common/serializer.ts'
import type { Committer } from '../connector/committer.ts'
import type { SubtaskContext } from '../connector/context.ts'
import type { SinkWriter } from '../connector/sink-writer.ts'
import type { Sink } from '../connector/sink.ts'
import { jsonSerializer } from './simulation/json-serializer.ts'

/** The name of a transaction of a `collectSink`. @public */
export interface CollectedTransaction {
  readonly name: string
}

/** A sink that shows what was committed. @public */
export interface CollectSink<T> extends Sink<T, CollectedTransaction, 'exactly-once', never> {
  /** Every committed value, by reference; of each subtask in order. */
  readonly values: readonly T[]
}

/**
 * A sink with transactions in memory: `values` grows when a checkpoint is committed, and never
 * shows a value twice. For tests; a job that is started again gets the same sink.
 *
 * @public
 */
export function collectSink<T>(): CollectSink<T> {
  return new TransactionalCollection()
}

class TransactionalCollection<T> implements CollectSink<T> {
  readonly description = 'collection in memory'
  readonly guarantee = 'exactly-once'
  readonly mechanism = 'transactions in memory'
  readonly committableSerializer: Serializer<CollectedTransaction> = jsonSerializer()
  readonly values: T[] = []
  readonly #prepared = new Map<string, readonly T[]>()
  readonly #committed = new Set<string>()

  createWriter(context: SubtaskContext): Promise<SinkWriter<T, CollectedTransaction>> {
    const { jobId, operatorId, subtask, attempt } = context
    let values: T[] = []
    return Promise.resolve({
      write: (value) => void values.push(value),
      flush: () => Promise.resolve(),
      prepareCommit: (checkpointId) => {
        if (values.length === 0) return Promise.resolve([])
        const name = `${jobId}/${operatorId}/${subtask}/${attempt}/${checkpointId}`
        this.#prepared.set(name, values)
        values = []
        return Promise.resolve([{ name }])
      },
      close: () => Promise.resolve(),
    })
  }

  createCommitter(): Promise<Committer<CollectedTransaction>> {
    return Promise.resolve({
      commit: ({ name }) => {
        if (this.#committed.has(name)) return Promise.resolve({ status: 'already-committed' })
        const values = this.#prepared.get(name)
        if (values === undefined) return Promise.reject(unknownTransaction(name))
        this.#prepared.delete(name)
        this.#committed.add(name)
        for (const value of values) this.values.push(value)
        return Promise.resolve({ status: 'committed' })
      },
      close: () => Promise.resolve(),
    })
  }
}

function unknownTransaction(name: string): FlinktsError {
  return new FlinktsError(
    'FLINKTS_COMMIT_REJECTED',
    `the sink in memory knows no transaction "${name}"`,
    { hint: 'A job that goes on from a checkpoint must write to the sink of the run before.' },
  )
}
