import {
  type Finding,
  type OutputTag,
  type PreflightContext,
  silentLogger,
  type Serializer,
  type Source,
  type SourceReader,
  type SourceReaderContext,
  type SourceSplit,
  type SplitEnumerator,
  type SplitEnumeratorContext,
  systemTime,
} from '@flinkts/core/connector'
import { KafkaEnumerator } from './enumerator.ts'
import {
  type KafkaSourceOptions,
  type ResolvedKafkaSourceOptions,
  resolveKafkaSourceOptions,
  type Subscription,
} from './options.ts'
import { examine } from './preflight.ts'
import { sourceReports } from './runtime/conformance.ts'
import { openSourceContext } from './runtime/source-context.ts'
import { type Deserializers, KafkaReader } from './source-reader.ts'
import { type KafkaSplit, splitIdOf, splitSerializer } from './split.ts'
import { type EnumeratorState, enumeratorStateSerializer } from './state/enumerator-state.ts'
import { bytesDeserializer } from './values/deserializers.ts'
import type { Deserializer, KafkaRecord } from './values/kafka-record.ts'

/**
 * The records of topics, each exactly once in what a job commits. Positions are in the checkpoints;
 * the timestamps of the records are their event time.
 *
 * @throws FlinktsError FLINKTS_OPTION_INVALID
 * @public
 */
export function kafkaSource<Key = Uint8Array | null, Value = Uint8Array | null>(
  options: KafkaSourceOptions<Key, Value>,
): Source<KafkaRecord<Key, Value>, SourceSplit, unknown, true> {
  return new KafkaSource(resolveKafkaSourceOptions(options), {
    // Without a deserializer, `Key` and `Value` are what the default gives.
    key: (options.key ?? bytesDeserializer) as Deserializer<Key>,
    value: (options.value ?? bytesDeserializer) as Deserializer<Value>,
  })
}

class KafkaSource<Key, Value>
  implements Source<KafkaRecord<Key, Value>, KafkaSplit, EnumeratorState, true>
{
  readonly description: string
  readonly sideOutputs: readonly OutputTag<unknown>[]
  readonly boundedness: 'bounded' | 'continuous-unbounded'
  readonly replayable = true
  readonly mechanism = 'offsets of partitions in checkpoints'
  readonly conformance: readonly string[]
  readonly splitSerializer: Serializer<KafkaSplit> = splitSerializer
  readonly enumeratorStateSerializer: Serializer<EnumeratorState> = enumeratorStateSerializer
  readonly #options: ResolvedKafkaSourceOptions
  readonly #deserializers: Deserializers<Key, Value>

  constructor(options: ResolvedKafkaSourceOptions, deserializers: Deserializers<Key, Value>) {
    this.#options = options
    this.#deserializers = deserializers
    this.description = `kafka ${describe(options.subscription)}`
    const { onDeserializeError } = options
    this.sideOutputs =
      typeof onDeserializeError === 'object' ? [onDeserializeError.deadLetters] : []
    this.conformance = sourceReports(options)
    this.boundedness = options.stop === undefined ? 'continuous-unbounded' : 'bounded'
  }

  createEnumerator(
    engine: SplitEnumeratorContext<KafkaSplit>,
    restored: EnumeratorState | undefined,
  ): SplitEnumerator<KafkaSplit, EnumeratorState> {
    return new KafkaEnumerator(engine, openSourceContext(this.#options, engine), restored)
  }

  createReader(engine: SourceReaderContext): SourceReader<KafkaRecord<Key, Value>, KafkaSplit> {
    const context = openSourceContext(this.#options, engine)
    return new KafkaReader(engine, context, this.#deserializers)
  }

  async preflight({ signal }: PreflightContext): Promise<readonly Finding[]> {
    const place = { clock: systemTime, scheduler: systemTime, logger: silentLogger }
    const context = openSourceContext(this.#options, place)
    try {
      return await examine(context, signal)
    } finally {
      await context.cluster.close()
    }
  }
}

function describe(subscription: Subscription): string {
  if (subscription.type === 'topics') return `topics ${subscription.topics.join(', ')}`
  if (subscription.type === 'pattern') return `topics that match ${subscription.pattern.source}`
  const { partitions } = subscription
  return `partitions ${partitions.map((one) => splitIdOf(one.topic, one.partition)).join(', ')}`
}
