import { delay } from '@flinkts/core/connector'
import type { ReplicationClient } from '../client.ts'
import type { Lsn } from '../records/lsn.ts'
import { throwFirst } from '../catalog/problem.ts'
import type { ReplicationStream } from '../protocol/replication-stream.ts'
import {
  checkPosition,
  readSlot,
  slotInUse,
  slotProblems,
  systemMismatch,
} from '../catalog/slot.ts'
import type { SourceContext } from '../runtime/source-context.ts'

/** Where a stream is opened. @internal */
export interface StreamStart {
  readonly startLsn: Lsn
  /** The cluster that `startLsn` belongs to. */
  readonly systemId: string
  readonly keyColumnsOf: (table: string) => readonly string[] | undefined
}

const slotPollMs = 100

/**
 * Connects and streams from the slot, after checking that the slot can go on at the position:
 * Postgres itself would silently leave out what the slot no longer has.
 *
 * @throws FlinktsError FLINKTS_POSTGRES_SYSTEM_MISMATCH, FLINKTS_POSTGRES_SLOT_LOST,
 * FLINKTS_POSTGRES_SLOT_AHEAD, FLINKTS_POSTGRES_SLOT_MISMATCH, FLINKTS_POSTGRES_SLOT_IN_USE and as
 * `ReplicationClient`
 * @internal
 */
export async function openStream(
  context: SourceContext,
  start: StreamStart,
  signal: AbortSignal,
): Promise<ReplicationStream> {
  const client = await context.connectReplication(signal, (oids) =>
    loadTypes(context, oids, signal),
  )
  const abort = (): void => void client.close()
  signal.addEventListener('abort', abort)
  try {
    signal.throwIfAborted()
    const { systemId, database } = await client.identifySystem()
    if (systemId !== start.systemId) throw systemMismatch(start.systemId, systemId)
    await waitForSlot(context, client, { startLsn: start.startLsn, database }, signal)
    const { statusIntervalMs, receiveTimeoutMs, messageBytesMax, bufferBytesMax } =
      context.options.stream
    return await client.startReplication({
      slot: context.slot,
      startLsn: start.startLsn,
      publications: [context.publication],
      keyColumnsOf: start.keyColumnsOf,
      statusIntervalMs,
      receiveTimeoutMs,
      messageBytesMax,
      bufferBytesMax,
    })
  } catch (cause) {
    await client.close()
    throw cause
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/**
 * Waits for a former reader of the slot to go: the server may notice late that its process is dead.
 */
async function waitForSlot(
  context: SourceContext,
  client: ReplicationClient,
  target: { readonly startLsn: Lsn; readonly database: string },
  signal: AbortSignal,
): Promise<void> {
  const { clock, scheduler, options, slot: name } = context
  const { slotWaitMs } = options.stream
  const startMs = clock.monotonic()
  for (;;) {
    const slot = await readSlot(client, name)
    checkPosition(slot, name, target.startLsn)
    throwFirst(slotProblems(slot, target.database))
    if (slot.activePid === undefined) return
    if (clock.monotonic() - startMs >= slotWaitMs) throw slotInUse(slot, slotWaitMs)
    await delay(scheduler, slotPollMs, signal)
    signal.throwIfAborted()
  }
}

async function loadTypes(
  context: SourceContext,
  oids: readonly number[],
  signal: AbortSignal,
): Promise<void> {
  const client = await context.connect('types', signal)
  try {
    await context.types.load(client, oids)
  } finally {
    await client.close()
  }
}
