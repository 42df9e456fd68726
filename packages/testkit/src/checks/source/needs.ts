import type { SourceCapabilities } from '../../capabilities/source-capabilities.ts'
import type { SourceDriver } from '../../driver/source-driver.ts'

/** For checks that start again from a checkpoint. @internal */
export function needsReplay({ replayable }: SourceCapabilities): string | undefined {
  return replayable ? undefined : 'no replay is declared'
}

/** For checks that write while the job runs, or between two runs. @internal */
export function needsStream(capabilities: SourceCapabilities): string | undefined {
  if (capabilities.boundedness === 'bounded')
    return 'a bounded source reads what was there at first'
  return needsReplay(capabilities)
}

/** For checks of where the snapshot ends. @internal */
export function needsSnapshot(capabilities: SourceCapabilities): string | undefined {
  if (!capabilities.snapshotThenStream) return 'no snapshot before a stream is declared'
  return needsReplay(capabilities)
}

/** For checks of what is acknowledged. @internal */
export function needsAcknowledgements(
  { prunesOnAck }: SourceCapabilities,
  driver: SourceDriver,
): string | undefined {
  if (!prunesOnAck) return 'nothing is pruned when it is acknowledged'
  if (driver.acknowledged === undefined) return 'the driver has no acknowledged'
  return driver.endPosition === undefined ? 'the driver has no endPosition' : undefined
}

/** For checks with several subtasks. @internal */
export function needsSplits(capabilities: SourceCapabilities): string | undefined {
  if (capabilities.splits === 'single') return 'the input cannot be divided'
  return needsReplay(capabilities)
}

/** For checks that end connections. @internal */
export function needsReconnect(
  { reconnects }: SourceCapabilities,
  driver: SourceDriver,
): string | undefined {
  if (!reconnects) return 'no reconnecting is declared'
  return driver.killConnections === undefined ? 'the driver has no killConnections' : undefined
}
