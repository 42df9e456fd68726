import { defined } from '../common/assert.ts'
import { FlinktsError } from '../common/errors.ts'
import type { CheckpointManifest, OperatorManifest } from '../checkpoint/manifest.ts'
import type { ConnectorContext } from '../connector/context.ts'
import type { Sink } from '../connector/sink.ts'
import { commitAll } from '../operators/commit.ts'
import { checkpointDirectory } from '../state/checkpoint-path.ts'

/** @internal */
export interface RecoveryCommitParts {
  /** The sinks of the job, by operator id. */
  readonly sinks: ReadonlyMap<string, Sink<unknown>>
  contextOf(operatorId: string): ConnectorContext
  readonly signal: AbortSignal
}

/**
 * Commits everything that a restored checkpoint holds, before any task exists: writers that start
 * later may take whatever is left for the remains of dead attempts. (I3, I4)
 *
 * @returns the number of committables.
 * @throws FlinktsError FLINKTS_STATE_INCOMPATIBLE if a sink is now one that commits nothing, and
 * what `commitAll` throws.
 * @internal
 */
export async function commitRestored(
  manifest: CheckpointManifest,
  parts: RecoveryCommitParts,
): Promise<number> {
  let count = 0
  for (const operator of manifest.operators) {
    count += await commitOperator(manifest.checkpointId, operator, parts)
  }
  return count
}

async function commitOperator(
  checkpointId: number,
  { operatorId, subtasks }: OperatorManifest,
  parts: RecoveryCommitParts,
): Promise<number> {
  const items = subtasks
    .flatMap((state) => state.committables)
    .toSorted((left, right) => left.checkpointId - right.checkpointId)
  if (items.length === 0) return 0
  const sink = defined(parts.sinks.get(operatorId), 'a sink with committables is in the job')
  const serializer = sink.committableSerializer
  const context = parts.contextOf(operatorId)
  const committer = await sink.createCommitter?.(context)
  if (committer === undefined || serializer === undefined) {
    throw cannotCommit(checkpointId, operatorId)
  }
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

function cannotCommit(checkpointId: number, operatorId: string): FlinktsError {
  const checkpoint = checkpointDirectory(checkpointId)
  return new FlinktsError(
    'FLINKTS_STATE_INCOMPATIBLE',
    `checkpoint ${checkpoint} holds output of sink "${operatorId}" that it cannot commit`,
    {
      hint:
        'Give the operator the sink back that it had, or start with --fresh, which begins anew ' +
        'without any state.',
    },
  )
}
