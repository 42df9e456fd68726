import { randomUUID } from 'node:crypto'
import process from 'node:process'
import { defineJob, type JobDefinition } from '@flinkts/core'
import { fileSink, fileSource } from '@flinkts/filesystem'
import { jsonLines } from '@flinkts/formats'

interface Line {
  readonly id: number
}

type FileSink = ReturnType<typeof fileSink<Line>>

const fault = process.env['FAULT'] ?? ''

/** Copies lines, in a way that FAULT says. */
const job: JobDefinition = defineJob('proved', { checkpointIntervalMs: 50 }, (env) => {
  const format = jsonLines<Line>()
  const source = fileSource<Line>({ path: 'in', format, watch: { intervalMs: 20 } })
  env
    .source('lines', source)
    .map((line) => (fault === 'random' ? { ...line, mark: randomUUID() } : line))
    .filter(() => fault !== 'nothing')
    .rebalance()
    .map((line) => {
      if (fault === 'throws') throw new TypeError('no line is good enough')
      if (fault === 'hangs') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
      return line
    })
    .sinkTo('files', sinkOf(fileSink({ path: 'out', format })))
})

export default job

function sinkOf(sink: FileSink): FileSink {
  switch (fault) {
    case 'commits-early':
      return broken(sink, committingEarly)
    case 'forgets':
      return broken(sink, forgetting)
    case 'no-prover':
      return committingEarly(sink)
    default:
      return sink
  }
}

/** The sink and its copies, each with the same fault. */
function broken(sink: FileSink, breaks: (sink: FileSink) => FileSink): FileSink {
  return {
    ...breaks(sink),
    async prover() {
      const prover = await sink.prover?.()
      if (prover === undefined) throw new Error('files have a prover')
      return {
        setup: () => prover.setup(),
        createSink: (copy) => breaks(prover.createSink(copy) as FileSink),
        readCommitted: (copy) => prover.readCommitted(copy),
        listInFlight: (copy) => prover.listInFlight(copy),
        clean: (copy) => prover.clean(copy),
      }
    },
  }
}

/** Everything of a sink that is needed to run it. */
function partsOf(sink: FileSink): FileSink {
  const { description, guarantee, mechanism, committableSerializer } = sink
  return {
    description,
    guarantee,
    mechanism,
    ...(committableSerializer === undefined ? {} : { committableSerializer }),
    createWriter: (context, restored) => sink.createWriter(context, restored),
    createCommitter: (context) => committerOf(sink, context),
  }
}

async function committerOf(
  sink: FileSink,
  context: Parameters<NonNullable<FileSink['createCommitter']>>[0],
): ReturnType<NonNullable<FileSink['createCommitter']>> {
  const committer = await sink.createCommitter?.(context)
  if (committer === undefined) throw new Error('files are committed')
  return committer
}

/** Makes visible what it prepares. */
function committingEarly(sink: FileSink): FileSink {
  return {
    ...partsOf(sink),
    async createWriter(context, restored) {
      const writer = await sink.createWriter(context, restored)
      const committer = await committerOf(sink, context)
      return {
        write: (line, record) => writer.write(line, record),
        flush: (endOfInput) => writer.flush(endOfInput),
        async prepareCommit(checkpointId) {
          const prepared = (await writer.prepareCommit?.(checkpointId)) ?? []
          for (const file of prepared) await committer.commit(file)
          return prepared
        },
        close: () => writer.close(),
      }
    },
  }
}

/** Takes what a restart has to commit for committed. */
function forgetting(sink: FileSink): FileSink {
  return {
    ...partsOf(sink),
    async createCommitter(context) {
      const committer = await committerOf(sink, context)
      const { attempt } = context
      return {
        commit: async (file) =>
          attempt > 1 ? { status: 'already-committed' } : committer.commit(file),
        close: () => committer.close(),
      }
    },
  }
}
