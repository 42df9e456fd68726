import { delay, FlinktsError } from '@flinkts/core/connector'
import type { SplitEnumerator, SplitEnumeratorContext } from '@flinkts/core/connector'
import { isTransient } from './cluster/retry.ts'
import { resolveSplits } from './enumeration/positions.ts'
import { findPartitions } from './enumeration/topic-finder.ts'
import type { SourceContext } from './runtime/source-context.ts'
import { type KafkaSplit, splitIdOf } from './split.ts'
import type { EnumeratorState, KnownPartition } from './state/enumerator-state.ts'

/** How soon partitions whose leader did not answer are asked for again. */
const unresolvedIntervalMs = 1_000

/**
 * Finds the partitions, decides once where each begins and ends, and gives each to the reader that
 * has the fewest, where it stays. Looks for new ones as long as the source has no end.
 *
 * @internal
 */
export class KafkaEnumerator implements SplitEnumerator<KafkaSplit, EnumeratorState> {
  readonly #engine: SplitEnumeratorContext<KafkaSplit>
  readonly #context: SourceContext
  /** Undefined: the first start, at which the options say where partitions begin. */
  readonly #restored: EnumeratorState | undefined
  readonly #closing = new AbortController()
  readonly #known = new Map<string, KnownPartition>()
  /** How many splits each reader has. */
  readonly #splitCounts = new Map<number, number>()
  #unassigned: readonly KafkaSplit[]
  #background: Promise<void> = Promise.resolve()

  constructor(
    engine: SplitEnumeratorContext<KafkaSplit>,
    context: SourceContext,
    restored: EnumeratorState | undefined,
  ) {
    this.#engine = engine
    this.#context = context
    this.#restored = restored
    this.#unassigned = restored?.unassigned ?? []
    for (const partition of restored?.partitions ?? []) this.#know(partition)
  }

  async start(): Promise<void> {
    this.#checkSubscription()
    await this.#discover(this.#restored === undefined)
    this.#background = this.#repeat().catch((cause: unknown) => {
      if (!this.#closing.signal.aborted) this.#engine.fail(cause)
    })
  }

  addReader(subtask: number, restoredSplits: readonly KafkaSplit[]): void {
    this.#splitCounts.set(subtask, restoredSplits.length)
    this.#assign()
  }

  handleSplitRequest(): void {
    // Readers do not ask: partitions are given to them.
  }

  snapshotState(): EnumeratorState {
    return { partitions: [...this.#known.values()], unassigned: this.#unassigned }
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#context.cluster.close()
    await this.#background
  }

  get #bounded(): boolean {
    return this.#context.options.stop !== undefined
  }

  get #discovers(): boolean {
    return !this.#bounded && this.#context.options.discoveryIntervalMs > 0
  }

  get #unresolved(): readonly KnownPartition[] {
    return [...this.#known.values()].filter(({ resolved }) => !resolved)
  }

  #know(partition: KnownPartition): void {
    this.#known.set(splitIdOf(partition.topic, partition.partition), partition)
  }

  /** The splits of a checkpoint would be read on, though nobody asks for them any more. */
  #checkSubscription(): void {
    const { subscription } = this.#context.options
    const isAsked = ({ topic, partition }: KnownPartition): boolean => {
      if (subscription.type === 'topics') return subscription.topics.includes(topic)
      if (subscription.type === 'pattern') return subscription.pattern.test(topic)
      return subscription.partitions.some(
        (one) => one.topic === topic && one.partition === partition,
      )
    }
    const left = [...this.#known.values()].find((partition) => !isAsked(partition))
    if (left === undefined) return
    throw new FlinktsError(
      'FLINKTS_STATE_INCOMPATIBLE',
      `the checkpoint has the partition ${left.partition} of the topic "${left.topic}", which ` +
        'the options do not ask for',
      { hint: 'Restore with options that ask for all of before, or start afresh.' },
    )
  }

  /** @param initial - Whether what is found was there at the first start. */
  async #discover(initial: boolean): Promise<void> {
    const { signal } = this.#closing
    const found = await findPartitions(this.#context, [...this.#known.values()], signal)
    const grows = initial || !this.#bounded
    for (const { topic, topicId, partition } of grows ? found : []) {
      if (this.#known.has(splitIdOf(topic, partition))) continue
      this.#know({ topic, topicId, partition, initial, resolved: false })
      if (!initial) this.#context.logger.info('found a new partition', { topic, partition })
    }
    await this.#resolve()
  }

  async #resolve(): Promise<void> {
    const unresolved = this.#unresolved
    if (unresolved.length > 0) {
      const splits = await resolveSplits(this.#context, unresolved, this.#closing.signal)
      const resolved = new Set(splits.map(({ splitId }) => splitId))
      for (const partition of unresolved) {
        const splitId = splitIdOf(partition.topic, partition.partition)
        if (resolved.has(splitId)) this.#know({ ...partition, resolved: true })
      }
      this.#unassigned = [...this.#unassigned, ...splits]
    }
    this.#assign()
  }

  async #repeat(): Promise<void> {
    const { scheduler, logger, options } = this.#context
    const { signal } = this.#closing
    const { discoveryIntervalMs } = options
    while (!signal.aborted && (this.#discovers || this.#unresolved.length > 0)) {
      const waiting = this.#unresolved.length > 0
      await delay(scheduler, waiting ? unresolvedIntervalMs : discoveryIntervalMs, signal)
      if (signal.aborted) return
      try {
        await (waiting ? this.#resolve() : this.#discover(false))
      } catch (failure) {
        if (signal.aborted || !isTransient(failure)) throw failure
        logger.warn('could not look for partitions; trying again', { reason: failure.message })
      }
    }
  }

  /** Only once every reader is there: before, it is not known who has how many. */
  #assign(): void {
    if (this.#splitCounts.size < this.#engine.parallelism) return
    for (const split of this.#unassigned) {
      const subtask = this.#leastLoaded()
      this.#splitCounts.set(subtask, (this.#splitCounts.get(subtask) ?? 0) + 1)
      this.#engine.assignSplit(split, subtask)
    }
    this.#unassigned = []
    if (!this.#bounded || this.#unresolved.length > 0) return
    for (const subtask of this.#splitCounts.keys()) this.#engine.signalNoMoreSplits(subtask)
  }

  #leastLoaded(): number {
    let [least, fewest] = [0, Number.POSITIVE_INFINITY]
    for (const [subtask, count] of this.#splitCounts) {
      if (count < fewest) [least, fewest] = [subtask, count]
    }
    return least
  }
}
