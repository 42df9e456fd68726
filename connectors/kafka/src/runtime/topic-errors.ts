import { FlinktsError } from '@flinkts/core/connector'
import { brokerError } from '../connection/errors.ts'
import { kafkaError, kafkaErrors } from '../protocol/error-codes.ts'
import type { TopicMetadata } from '../protocol/metadata.ts'

/** @internal */
export function topicMissing(topic: string, partition?: number): FlinktsError {
  const what =
    partition === undefined
      ? `the topic "${topic}" does not exist`
      : `the topic "${topic}" has no partition ${partition}`
  return new FlinktsError('FLINKTS_KAFKA_TOPIC_MISSING', what, {
    hint:
      'Create it, or correct the option. A topic that the user may not describe looks as if it ' +
      'did not exist: check its rights.',
  })
}

/** Why a topic cannot be written to, by its metadata; undefined: it can. @internal */
export function topicProblem({
  topic,
  errorCode,
}: Pick<TopicMetadata, 'topic' | 'errorCode'>): FlinktsError | undefined {
  if (errorCode === 0) return undefined
  if (errorCode === kafkaErrors.UNKNOWN_TOPIC_OR_PARTITION) return topicMissing(topic)
  const operation = { what: 'looking up the partitions', resource: `the topic "${topic}"` }
  return brokerError(kafkaError(errorCode), operation)
}
