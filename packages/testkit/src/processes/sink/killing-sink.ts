import { defined } from '@flinkts/core/connector'
import type {
  Committer,
  ConnectorContext,
  Serializer,
  Sink,
  SinkWriter,
} from '@flinkts/core/connector'
import type { KitRecord } from '../../records/kit-record.ts'
import { Moments } from '../moments.ts'
import type { Kill } from '../process-plan.ts'

/**
 * A sink that kills its process at a moment of the contract, from inside: nothing of the process
 * runs after the moment, so no time of the machine decides what was done and what not.
 *
 * @internal
 */
export function killingSink(sink: Sink<KitRecord>, kill: Kill): Sink<KitRecord> {
  const moments = new SinkMoments(kill)
  const { committableSerializer: serializer } = sink
  return {
    description: sink.description,
    guarantee: sink.guarantee,
    mechanism: sink.mechanism,
    ...(sink.writerStateSerializer === undefined
      ? {}
      : { writerStateSerializer: sink.writerStateSerializer }),
    async createWriter(context, restored) {
      const writer = sink.createWriter(context, restored)
      if (context.attempt > 1) moments.reach('K12')
      return killingWriter(await writer, moments)
    },
    ...(sink.createCommitter === undefined
      ? {}
      : {
          async createCommitter(context) {
            return killingCommitter(await committerOf(sink, context), moments)
          },
        }),
    ...(serializer === undefined
      ? {}
      : { committableSerializer: killingSerializer(serializer, moments) }),
  }
}

async function committerOf(
  sink: Sink<KitRecord>,
  context: ConnectorContext,
): Promise<Committer<unknown>> {
  return defined(await sink.createCommitter?.(context), 'the sink has a committer')
}

/** Before any writer exists, commits are those of a restart. */
class SinkMoments extends Moments {
  writersMade = false
}

function killingWriter(
  writer: SinkWriter<KitRecord, unknown, unknown>,
  moments: SinkMoments,
): SinkWriter<KitRecord, unknown, unknown> {
  moments.writersMade = true
  let preparedBefore = false
  return {
    write(value, context) {
      const written = writer.write(value, context)
      moments.reach('K1')
      return written
    },
    async flush(endOfInput) {
      moments.reach('K2')
      await writer.flush(endOfInput)
      moments.reach('K3')
    },
    ...(writer.prepareCommit === undefined
      ? {}
      : {
          prepareCommit: async (checkpointId) => {
            if (preparedBefore) moments.reach('K9')
            preparedBefore = true
            const prepared = writer.prepareCommit?.(checkpointId) ?? Promise.resolve([])
            moments.reach('K4')
            return prepared
          },
        }),
    ...(writer.snapshotState === undefined
      ? {}
      : { snapshotState: (checkpointId) => writer.snapshotState?.(checkpointId) }),
    close: () => writer.close(),
  }
}

function killingCommitter(committer: Committer<unknown>, moments: SinkMoments): Committer<unknown> {
  return {
    async commit(committable) {
      moments.reach('K6')
      const committing = committer.commit(committable)
      moments.reach('K7')
      if (!moments.writersMade) moments.reach('K11')
      const outcome = await committing
      moments.reach('K8')
      return outcome
    },
    ...(committer.forget === undefined
      ? {}
      : { forget: async (beforeCheckpointId) => committer.forget?.(beforeCheckpointId) }),
    close: () => committer.close(),
  }
}

/** Committables are serialized when all is prepared, and before the checkpoint is durable. */
function killingSerializer(
  serializer: Serializer<unknown>,
  moments: SinkMoments,
): Serializer<unknown> {
  return {
    version: serializer.version,
    serialize(committable) {
      moments.reach('K5')
      return serializer.serialize(committable)
    },
    deserialize: (version, bytes) => serializer.deserialize(version, bytes),
  }
}
