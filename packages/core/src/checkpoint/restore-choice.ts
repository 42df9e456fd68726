import { FlinktsError } from '../common/errors.ts'
import type { DeliveryGuarantee } from '../common/guarantee.ts'
import type { CheckpointInspection } from './checkpoint-catalog.ts'
import { checkpointDirectory } from '../state/checkpoint-path.ts'
import type { CheckpointManifest } from './manifest.ts'

/** What a job restores. @internal */
export interface RestoreChoice {
  readonly manifest: CheckpointManifest
  /** The damaged checkpoints that are newer, newest first; they must not be found again. */
  readonly passedOver: readonly number[]
}

/**
 * Chooses the checkpoint that a job restores: the newest one, or, if that is damaged, the newest
 * intact one to which it is safe to go back.
 *
 * It is safe when no output was committed since. Whatever was prepared after the older checkpoint
 * and then committed is listed by the damaged one, since a committable stays in every checkpoint
 * until a later one was taken after its commit. So: when the damaged manifest can be read, and
 * lists no committable that is newer than the older checkpoint. Or when the job promises only
 * `at-least-once`, and so may repeat output.
 *
 * @param newestFirst - Every completed checkpoint, newest first.
 * @throws FlinktsError FLINKTS_CHECKPOINT_CORRUPT if there is no safe choice.
 * @internal
 */
export function chooseRestore(
  newestFirst: readonly CheckpointInspection[],
  guarantee: DeliveryGuarantee,
): RestoreChoice | undefined {
  const damaged: CheckpointInspection[] = []
  for (const candidate of newestFirst) {
    const { checkpointId, manifest, damage } = candidate
    if (damage !== undefined || manifest === undefined) {
      damaged.push(candidate)
      continue
    }
    const safe = guarantee === 'at-least-once' || damaged.every(committedNothingSince(checkpointId))
    if (!safe) throw unsafe(damaged[0]?.damage, checkpointId)
    return { manifest, passedOver: damaged.map((inspection) => inspection.checkpointId) }
  }
  const cause = damaged[0]?.damage
  if (cause !== undefined) throw nothingIntact(cause)
  return undefined
}

function committedNothingSince(older: number): (damaged: CheckpointInspection) => boolean {
  return ({ manifest }) =>
    manifest?.operators.every(({ subtasks }) =>
      subtasks.every(({ committables }) =>
        committables.every((committable) => committable.checkpointId <= older),
      ),
    ) ?? false
}

function unsafe(damage: FlinktsError | undefined, older: number): FlinktsError {
  const name = checkpointDirectory(older)
  return new FlinktsError(
    'FLINKTS_CHECKPOINT_CORRUPT',
    damage?.message ?? 'a checkpoint is damaged',
    {
      hint:
        `Restore the file from a backup. Or start with --from ${name}, the newest intact ` +
        `checkpoint: then all output committed after ${name} is committed a second time, ` +
        'and must be removed by hand where that is not wanted.',
      cause: damage,
    },
  )
}

function nothingIntact(damage: FlinktsError): FlinktsError {
  return new FlinktsError('FLINKTS_CHECKPOINT_CORRUPT', damage.message, {
    hint:
      'Restore the file from a backup. No other checkpoint is intact: without it the job can ' +
      'only be started from the beginning, in another checkpoint directory.',
    cause: damage,
  })
}
