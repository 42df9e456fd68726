import type { Row } from '../../src/records/change.ts'
import type { ReplicationStream } from '../../src/protocol/replication-stream.ts'
import type { RowStream } from '../../src/protocol/row-stream.ts'
import { RecordingHandler } from '../protocol/recording-handler.ts'

/** All rows of a COPY, put into `rows`. */
export async function allRows(stream: RowStream, rows: Row[] = []): Promise<readonly Row[]> {
  for (;;) {
    const status = stream.poll((row) => rows.push(row) > 0)
    if (status === 'ended') return rows
    if (status === 'nothing-available') await stream.available()
  }
}

/** Polls until `enough` says so. The test's time limit is the limit. */
export async function pollUntil(
  stream: ReplicationStream,
  enough: (handler: RecordingHandler) => boolean,
  handler: RecordingHandler = new RecordingHandler(),
): Promise<RecordingHandler> {
  for (;;) {
    const status = stream.poll(handler)
    if (enough(handler)) return handler
    if (status === 'nothing-available') await stream.available()
  }
}

/** Whether so many transactions have been committed. */
export function commits(count: number): (handler: RecordingHandler) => boolean {
  return ({ calls }) => calls.filter((call) => call.startsWith('commit')).length >= count
}

/** Whether so many changes came. */
export function changes(count: number): (handler: RecordingHandler) => boolean {
  return (handler) => handler.changes.length >= count
}
