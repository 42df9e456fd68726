import { commits, type SinkCapabilities } from '../../capabilities/sink-capabilities.ts'
import type { SinkDriver } from '../../driver/sink-driver.ts'

/** For checks of prepared output. @internal */
export function needsCommits(capabilities: SinkCapabilities): string | undefined {
  return commits(capabilities) ? undefined : `"${capabilities.mechanism}" prepares nothing`
}

/** For checks of older attempts that wake up. @internal */
export function needsFencing(capabilities: SinkCapabilities): string | undefined {
  return capabilities.fencing === 'none' ? 'no fencing is declared' : needsCommits(capabilities)
}

/** For checks of what was removed behind the back of the sink. @internal */
export function needsRemoval(
  capabilities: SinkCapabilities,
  driver: SinkDriver,
): string | undefined {
  if (driver.removePrepared === undefined) return 'the driver has no removePrepared'
  return needsCommits(capabilities)
}

/** For checks of output that has no commit. @internal */
export function needsImmediate(capabilities: SinkCapabilities): string | undefined {
  return capabilities.visibility === 'immediate' ? undefined : 'output is visible on commit'
}
