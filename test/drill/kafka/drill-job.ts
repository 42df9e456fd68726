/**
 * The job of the drill, run until SIGTERM stops it: every record of the topic SOURCE_TOPIC becomes
 * one record in the partition of the same number of TARGET_TOPIC, exactly once.
 *
 * Reads BROKERS, SOURCE_TOPIC, TARGET_TOPIC, NAME and CHECKPOINTS of its environment; says
 * `running` when it runs.
 */
import { defineJob } from '@flinkts/core'
import { kafkaSink, kafkaSource, stringDeserializer } from '@flinkts/kafka'
import { copyOf } from './verdict.ts'
import { runUntilStopped } from '../run-until-stopped.ts'

const { BROKERS = '', SOURCE_TOPIC = '', TARGET_TOPIC = '', NAME = '' } = process.env

const connection = { brokers: BROKERS.split(','), requestTimeoutMs: 5_000 }

const letters = kafkaSource({
  connection,
  topics: [SOURCE_TOPIC],
  value: stringDeserializer,
  groupId: NAME,
})

interface Copy {
  readonly partition: number
  readonly text: string
}

const copies = kafkaSink<Copy>({
  connection,
  topic: TARGET_TOPIC,
  value: ({ text }) => text,
  key: ({ partition }) => String(partition),
  partitioner: ({ key }) => Number(Buffer.from(key ?? []).toString()),
  transactionalIdPrefix: NAME,
})

const job = defineJob(
  'drill',
  {
    checkpointIntervalMs: 100,
    parallelism: 2,
    restart: { type: 'fixed-delay', attemptsMax: 10_000, delayMs: 200 },
  },
  (env) => {
    env
      .source('letters', letters)
      .map(
        (record): Copy => ({
          partition: record.partition,
          text: copyOf({ ...record, value: record.value ?? undefined }),
        }),
      )
      .sinkTo('copies', copies)
  },
)

await runUntilStopped(job)
