import { defined } from '../common/assert.ts'
import type { CheckpointManifest, OperatorManifest } from '../checkpoint/manifest.ts'
import type { ConnectorContext } from '../connector/context.ts'
import type { Sink } from '../connector/sink.ts'
import { commitAll } from '../operators/commit.ts'

/** @internal */
export interface RecoveryCommitParts {
  /** The sinks of the job, by operator id. */
  readonly sinks: ReadonlyMap<string, Sink<unknown>>
  contextOf(operatorId: string): ConnectorContext
  readonly signal: AbortSignal
}

/**
 * Commits everything that a restored checkpoint holds, before any task exists: writers that start later
 * may take whatever is left for the remains of dead attempts. (I3, I4; flink-semantics 2.7)
 *
 * @returns the number of committables.
 * @internal
 */
export async function commitRestored(
  manifest: CheckpointManifest,
  parts: RecoveryCommitParts,
): Promise<number> {
  let count = 0
  for (const operator of manifest.operators) count += await commitOperator(operator, parts)
  return count
}

async function commitOperator(
  { operatorId, subtasks }: OperatorManifest,
  parts: RecoveryCommitParts,
): Promise<number> {
  const items = subtasks
    .flatMap((state) => state.committables)
    .toSorted((left, right) => left.checkpointId - right.checkpointId)
  if (items.length === 0) return 0
  const sink = defined(parts.sinks.get(operatorId), 'a sink with committables is in the job')
  const serializer = defined(sink.committableSerializer, 'committables have a serializer')
  const context = parts.contextOf(operatorId)
  const committer = defined(
    await sink.createCommitter?.(context),
    'a sink that prepares commits has a committer',
  )
  const { scheduler, logger } = context
  try {
    await commitAll(
      committer,
      items.map((item) => serializer.deserialize(item.version, item.bytes)),
      { scheduler, logger, operatorId, signal: parts.signal },
    )
  } finally {
    await committer.close()
  }
  return items.length
}
