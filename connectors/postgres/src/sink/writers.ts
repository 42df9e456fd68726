import type { SinkWriter } from '@flinkts/core/connector'
import type { PostgresCommittable } from './committable.ts'
import type { EpochWriter } from './epoch-writer.ts'
import type { Holding } from './holding.ts'
import { commitTransaction } from './prepare.ts'
import type { PreparedWatch } from './prepared-watch.ts'

/** Commits when it is told to flush. @internal */
export class FlushingWriter<In extends object> implements SinkWriter<In> {
  readonly #rows: EpochWriter<In>

  constructor(rows: EpochWriter<In>) {
    this.#rows = rows
  }

  write(record: In): void | Promise<void> {
    return this.#rows.write(record)
  }

  async flush(): Promise<void> {
    await this.#rows.cut((session) => commitTransaction(session.client))
  }

  close(): Promise<void> {
    return this.#rows.close()
  }
}

/** Holds the rows of each checkpoint back until it is complete. @internal */
export class HoldingWriter<In extends object> implements SinkWriter<In, PostgresCommittable> {
  readonly #rows: EpochWriter<In>
  readonly #holding: Holding
  readonly #watch: PreparedWatch | undefined

  constructor(rows: EpochWriter<In>, holding: Holding, watch?: PreparedWatch) {
    this.#rows = rows
    this.#holding = holding
    this.#watch = watch
  }

  write(record: In): void | Promise<void> {
    return this.#rows.write(record)
  }

  /** Rows become durable by `prepareCommit`, which is called in the same step. */
  async flush(): Promise<void> {}

  async prepareCommit(checkpointId: number): Promise<readonly PostgresCommittable[]> {
    const held = await this.#rows.cut((session, progress) =>
      this.#holding.hold(session, progress, checkpointId),
    )
    return held === undefined ? [] : [held]
  }

  async close(): Promise<void> {
    await Promise.all([this.#rows.close(), this.#watch?.close()])
  }
}
