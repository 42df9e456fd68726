import type { ConnectorContext } from '../connector/context.ts'
import type { Sink } from '../connector/sink.ts'

/**
 * Logs what a job that has failed for good leaves in external systems. That it cannot be found out
 * is logged, too: the failure of the job is the one that counts.
 *
 * @internal
 */
export async function logLeftBehind(
  sinks: ReadonlyMap<string, Sink<unknown>>,
  contextOf: (operatorId: string) => ConnectorContext,
): Promise<void> {
  for (const [operatorId, sink] of sinks) {
    const context = contextOf(operatorId)
    try {
      for (const { message, hint } of (await sink.leftBehind?.(context)) ?? []) {
        context.logger.warn(message, { hint })
      }
    } catch (cause) {
      context.logger.warn('what the sink has left behind is not known', { cause })
    }
  }
}
