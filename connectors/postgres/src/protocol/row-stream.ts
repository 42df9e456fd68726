import type { Row } from '../records/change.ts'
import type { PollStatus } from './replication-stream.ts'

/**
 * The rows of a `COPY … TO STDOUT`. Pulled: bytes wait undecoded, up to a limit, then the socket is
 * paused.
 *
 * @internal
 */
export interface RowStream {
  /**
   * Decodes what has arrived and hands it to `onRow`, until nothing is left or `onRow` returns
   * false. Never waits. `ended` after the last row, when the connection is ready for the next
   * statement. Throws what made the COPY fail, after the rows that arrived before it.
   *
   * @throws FlinktsError as `PostgresClient.query`
   */
  poll(onRow: (row: Row) => boolean): PollStatus
  /** Resolves when `poll` is worth a call (also when it would throw). Never rejects. */
  available(): Promise<void>
}
