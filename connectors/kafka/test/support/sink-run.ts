import type { Committer, Sink, SinkWriter, SubtaskContext } from '@flinkts/core/connector'
import { assert, silentLogger, systemTime } from '@flinkts/core/connector'
import { type KafkaCommittable, kafkaSink } from '../../src/index.ts'

export type Row = readonly [key: string, value: string]
/** Of all runs, unless they are told another. */
export const jobId = 'k3x9q0a1b2'

export type RowSink = Sink<Row, KafkaCommittable, 'exactly-once', never>

/** A sink of keys and values, exactly once, with a prefix like no other unless one is given. */
export function rowSink(options: {
  readonly brokers: readonly string[]
  readonly topic: string
  readonly prefix: string
  readonly transactionTimeoutMs?: number
  readonly abortLingering?: 'job' | 'prefix'
}): RowSink {
  const { brokers, topic, prefix, abortLingering, transactionTimeoutMs = 60_000 } = options
  return kafkaSink<Row>({
    connection: { brokers },
    topic,
    key: ([key]) => key,
    value: ([, value]) => value,
    transactionalIdPrefix: prefix,
    transactionTimeoutMs,
    abortLingering,
  })
}

/** One attempt of a sink with one writer, driven by hand; committables go through bytes. */
export class SinkRun implements AsyncDisposable {
  readonly gauges: Map<string, () => number>
  readonly #sink: RowSink
  readonly #writer: SinkWriter<Row, KafkaCommittable>
  readonly #committer: Committer<KafkaCommittable>

  private constructor(
    sink: RowSink,
    parts: {
      readonly writer: SinkWriter<Row, KafkaCommittable>
      readonly committer: Committer<KafkaCommittable>
      readonly gauges: Map<string, () => number>
    },
  ) {
    this.#sink = sink
    this.#writer = parts.writer
    this.#committer = parts.committer
    this.gauges = parts.gauges
  }

  static async start(sink: RowSink, place: Partial<SubtaskContext> = {}): Promise<SinkRun> {
    const gauges = new Map<string, () => number>()
    const context = { ...contextOf(gauges), ...place }
    const writer = await sink.createWriter(context, [])
    return new SinkRun(sink, { writer, committer: await committerOf(sink), gauges })
  }

  async write(...rows: readonly Row[]): Promise<void> {
    for (const row of rows) await this.#writer.write(row, { timestamp: 1_000 })
  }

  /** A barrier; what follows may be written before the result is there, as in the engine. */
  checkpoint(checkpointId: number): Promise<readonly Uint8Array[]> {
    const { committableSerializer } = this.#sink
    assert(committableSerializer !== undefined, 'the sink commits')
    const flushed = this.#writer.flush(false)
    const prepared = this.#writer.prepareCommit?.(checkpointId) ?? Promise.resolve([])
    return Promise.all([prepared, flushed]).then(([committables]) =>
      committables.map((one) => committableSerializer.serialize(one)),
    )
  }

  commit(committables: readonly Uint8Array[]): Promise<readonly string[]> {
    return commitWith(this.#sink, this.#committer, committables)
  }

  forget(beforeCheckpointId: number): void {
    this.#writer.forget?.(beforeCheckpointId)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close()
    await this.#committer.close()
  }
}

/** As after a restart: with a committer, and so connections, of its own. */
export async function commitAnew(
  sink: RowSink,
  committables: readonly Uint8Array[],
): Promise<readonly string[]> {
  const committer = await committerOf(sink)
  try {
    return await commitWith(sink, committer, committables)
  } finally {
    await committer.close()
  }
}

async function commitWith(
  { committableSerializer }: RowSink,
  committer: Committer<KafkaCommittable>,
  committables: readonly Uint8Array[],
): Promise<readonly string[]> {
  const statuses: string[] = []
  for (const bytes of committables) {
    const committable = committableSerializer?.deserialize(1, bytes)
    assert(committable !== undefined, 'the sink commits')
    const { status } = await committer.commit(committable)
    statuses.push(status)
  }
  return statuses
}

function committerOf(sink: RowSink): Promise<Committer<KafkaCommittable>> {
  assert(sink.createCommitter !== undefined, 'the sink commits')
  return sink.createCommitter(contextOf(new Map()))
}

/** Of the first subtask of the first attempt. */
export function contextOf(gauges: Map<string, () => number> = new Map()): SubtaskContext {
  return {
    jobName: 'shop',
    jobId,
    operatorId: 'sink',
    attempt: 1,
    subtask: 0,
    parallelism: 1,
    clock: systemTime,
    scheduler: systemTime,
    logger: silentLogger,
    metrics: { counter: () => ({ add: () => {} }), gauge: (name, read) => gauges.set(name, read) },
  }
}
