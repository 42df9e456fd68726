import type { PostgresClient } from '../client.ts'

/**
 * Makes durable whatever was visible on the server before the call: commits are flushed in their
 * order, and this one is flushed before it returns.
 *
 * The snapshot of a chunk counts transactions by their ids. An id that has left no trace on disk
 * (of a transaction that was rolled back, or committed without waiting for the disk) is given out
 * again when the server crashes: the snapshot would then seem to have seen a transaction that came
 * after it, whose changes would be passed over. And a row of a commit that the crash undoes must
 * not be emitted. So no row of a snapshot is emitted before this was called after it.
 *
 * @internal
 */
export async function makeDurable(client: PostgresClient): Promise<void> {
  await client.query(`
    BEGIN;
    SET LOCAL synchronous_commit = local;
    SELECT pg_logical_emit_message(true, 'flinkts', '');
    COMMIT`)
}
