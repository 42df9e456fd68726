import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FlinktsError } from '@flinkts/core/connector'
import type { Committer, SinkWriter, SubtaskContext } from '@flinkts/core/connector'
import { jsonLines } from '@flinkts/formats'
import { describe, expect, test } from 'vitest'
import { fieldBucket, fileSink, localDirectory, timeBucket } from '../src/index.ts'
import type { FileCommittable, FileSinkOptions } from '../src/index.ts'
import { filesBelow, visibleBelow } from './files-below.ts'
import { failureOf, ManualTime, subtaskContext, temporaryDirectory, textOf } from './fixtures.ts'
import { HookedStore } from './hooked-store.ts'

interface Order {
  readonly id: number
  readonly country?: string
}

interface Run {
  readonly directory: string
  readonly writer: SinkWriter<Order, FileCommittable>
  readonly committer: Committer<FileCommittable>
  /** Prepares, as the engine does at a barrier. */
  prepare(checkpointId: number): Promise<readonly FileCommittable[]>
  /** Prepares and commits. */
  checkpoint(checkpointId: number): Promise<void>
}

const noTimestamp = { timestamp: undefined }

async function startSink(
  options: Partial<FileSinkOptions<Order>> = {},
  contextOverrides: Partial<SubtaskContext> = {},
): Promise<Run> {
  const directory = options.path ?? options.store?.location ?? (await temporaryDirectory())
  const place = options.store === undefined ? { path: directory } : {}
  const sink = fileSink<Order>({ format: jsonLines(), ...place, ...options })
  const context = subtaskContext(contextOverrides)
  const committer = await sink.createCommitter?.(context)
  if (committer === undefined) throw new Error('the sink has no committer')
  const writer: SinkWriter<Order, FileCommittable> = await sink.createWriter(context, [])
  const prepare = async (checkpointId: number): Promise<readonly FileCommittable[]> => {
    const flushed = writer.flush(false)
    const [committables] = await Promise.all([writer.prepareCommit?.(checkpointId), flushed])
    return committables ?? []
  }
  const checkpoint = async (checkpointId: number): Promise<void> => {
    for (const committable of await prepare(checkpointId)) await committer.commit(committable)
  }
  return { directory, writer, committer, prepare, checkpoint }
}

describe('a file', () => {
  test('is visible, under a name that is unique for ever, after the commit only', async () => {
    const { directory, writer, committer, prepare } = await startSink(
      {},
      { subtask: 3, attempt: 2 },
    )

    await writer.write({ id: 1 }, noTimestamp)
    await writer.write({ id: 2 }, noTimestamp)
    const [committable] = await prepare(42)

    expect(committable).toEqual({
      path: 'part-0000000042-0003-00000-out-k3x-2.jsonl',
      token: '.k3x-2-3-0-out.inprogress',
      size: 18,
      records: 2,
    })
    expect(await visibleBelow(directory)).toEqual([])
    if (committable === undefined) return
    expect(await committer.commit(committable)).toEqual({ status: 'committed' })
    expect(await committer.commit(committable)).toEqual({ status: 'already-committed' })
    expect(await filesBelow(directory)).toEqual([committable.path])
    expect(await textOf(directory, committable.path)).toBe('{"id":1}\n{"id":2}\n')
  })

  test('is not made by a checkpoint without records', async () => {
    const { directory, checkpoint } = await startSink()

    await checkpoint(1)
    await checkpoint(2)

    expect(await filesBelow(directory)).toEqual([])
  })

  test('ends at the barrier: what is written meanwhile goes out with the next', async () => {
    const { directory, writer, committer } = await startSink()

    await writer.write({ id: 1 }, noTimestamp)
    const flushed = writer.flush(false)
    const first = writer.prepareCommit?.(1)
    await writer.write({ id: 2 }, noTimestamp)
    const second = writer.prepareCommit?.(2)
    await flushed

    const texts = []
    for (const committable of [...((await first) ?? []), ...((await second) ?? [])]) {
      await committer.commit(committable)
      texts.push(await textOf(directory, committable.path))
    }
    expect(texts).toEqual(['{"id":1}\n', '{"id":2}\n'])
  })

  test('is ended when it reaches rollBytes, and names keep the order', async () => {
    const { directory, writer, checkpoint } = await startSink({
      rollBytes: 17,
      filePrefix: 'orders',
    })

    for (let id = 0; id < 5; id += 1) await writer.write({ id }, noTimestamp)
    await checkpoint(1)
    await writer.write({ id: 5 }, noTimestamp)
    await checkpoint(2)

    const paths = await visibleBelow(directory)
    const texts = await Promise.all(paths.map(async (path) => textOf(directory, path)))
    expect(paths.map((path) => path.slice(0, 28))).toEqual([
      'orders-0000000001-0000-00000',
      'orders-0000000001-0000-00001',
      'orders-0000000001-0000-00002',
      'orders-0000000002-0000-00000',
    ])
    expect(texts.join('')).toBe([0, 1, 2, 3, 4, 5].map((id) => `{"id":${id}}\n`).join(''))
  })

  test('is removed when the writer is closed before a checkpoint took it', async () => {
    const { directory, writer, prepare } = await startSink({ rollBytes: 20, bufferBytes: 1 })
    for (let id = 0; id < 4; id += 1) await writer.write({ id }, noTimestamp)
    await prepare(1)
    for (let id = 0; id < 4; id += 1) await writer.write({ id }, noTimestamp)

    await writer.close()

    // What checkpoint 1 holds stays: it may complete, and be restored.
    expect(await filesBelow(directory)).toEqual([
      '.k3x-1-0-0-out.inprogress',
      '.k3x-1-0-1-out.inprogress',
    ])
    expect(await visibleBelow(directory)).toEqual([])
  })

  test('leaves no trace of a record that cannot be written', async () => {
    const { directory, writer, checkpoint } = await startSink()

    const failure = await failureOf(() => writer.write({ id: Number.NaN }, noTimestamp))
    await checkpoint(1)

    expect(failure.code).toBe('FLINKTS_RECORD_UNENCODABLE')
    expect(await filesBelow(directory)).toEqual([])
  })
})

describe('buckets', () => {
  test('by field', async () => {
    const { directory, writer, checkpoint } = await startSink({ bucket: fieldBucket('country') })

    await writer.write({ id: 1, country: 'DE' }, noTimestamp)
    await writer.write({ id: 2, country: '../a/b' }, noTimestamp)
    await writer.write({ id: 3 }, noTimestamp)
    await writer.write({ id: 4, country: 'DE' }, noTimestamp)
    await checkpoint(1)

    const paths = await visibleBelow(directory)
    expect(paths.map((path) => path.split('/part')[0])).toEqual([
      'country=%2E.%2Fa%2Fb',
      'country=DE',
      'country=__HIVE_DEFAULT_PARTITION__',
    ])
    expect(await textOf(directory, paths[1] ?? '')).toBe(
      '{"id":1,"country":"DE"}\n{"id":4,"country":"DE"}\n',
    )
  })

  test.each([
    ['day', 'date=2026-11-22'],
    ['hour', 'date=2026-11-22/hour=07'],
    ['minute', 'date=2026-11-22/hour=07/minute=05'],
  ] as const)('by event time, every %s', async (every, bucket) => {
    const { directory, writer, checkpoint } = await startSink({ bucket: timeBucket({ every }) })

    await writer.write({ id: 1 }, { timestamp: Date.UTC(2026, 10, 22, 7, 5, 59, 999) })
    await checkpoint(1)

    expect((await visibleBelow(directory))[0]).toContain(`${bucket}/part-`)
  })

  test('by the time of writing', async () => {
    const clock = new ManualTime()
    const bucket = timeBucket({ every: 'hour', by: 'processing-time' })
    const { directory, writer, checkpoint } = await startSink({ bucket }, { clock })

    await writer.write({ id: 1 }, { timestamp: 0 })
    clock.advance(3_600_000)
    await writer.write({ id: 2 }, { timestamp: 0 })
    await checkpoint(1)

    const paths = await visibleBelow(directory)
    expect(paths.map((path) => path.split('/part')[0])).toEqual([
      'date=1970-01-01/hour=00',
      'date=1970-01-01/hour=01',
    ])
  })

  test.each(['..', 'a//b', '/a', 'a/', '.hidden', '_hidden', 'a\nb', 'a\\b', 'x'.repeat(201)])(
    'refuses %j',
    async (bucket) => {
      const { writer } = await startSink({ bucket: () => bucket })

      const failure = await failureOf(() => writer.write({ id: 1 }, noTimestamp))

      expect(failure.code).toBe('FLINKTS_BUCKET_INVALID')
    },
  )

  test('by event time need a timestamp', async () => {
    const { writer } = await startSink({ bucket: timeBucket({ every: 'day' }) })

    const failure = await failureOf(() => writer.write({ id: 1 }, noTimestamp))

    expect(failure.code).toBe('FLINKTS_BUCKET_INVALID')
  })

  test('beyond openFilesMax end the oldest file', async () => {
    const { directory, writer, checkpoint } = await startSink({
      bucket: ({ id }) => `b${id}`,
      openFilesMax: 2,
    })

    for (const id of [1, 2, 3, 1, 3]) await writer.write({ id }, noTimestamp)
    await checkpoint(1)

    const paths = await visibleBelow(directory)
    expect(paths.map((path) => path.slice(0, 2))).toEqual(['b1', 'b1', 'b2', 'b3'])
  })
})

describe('backpressure', () => {
  test('a write waits while too much is on its way to the store', async () => {
    const held = Promise.withResolvers<void>()
    const store = new HookedStore(localDirectory(await temporaryDirectory()), async (name, run) => {
      if (name === 'append') await held.promise
      return run()
    })
    const { writer } = await startSink({ store, bufferBytes: 1, inFlightBytesMax: 20 })

    expect(writer.write({ id: 1 }, noTimestamp)).toBeUndefined()
    expect(writer.write({ id: 2 }, noTimestamp)).toBeUndefined()
    const third = writer.write({ id: 3 }, noTimestamp)
    expect(third).toBeInstanceOf(Promise)
    held.resolve()

    await third
    expect(writer.write({ id: 4 }, noTimestamp)).toBeUndefined()
    await writer.close()
  })

  test('a failure of the store reaches writes and the checkpoint', async () => {
    const full = new FlinktsError('FLINKTS_STORAGE_FULL', 'writing failed')
    const store = new HookedStore(localDirectory(await temporaryDirectory()), async (name, run) => {
      if (name === 'append') throw full
      return run()
    })
    const { writer, prepare } = await startSink({ store, bufferBytes: 1, inFlightBytesMax: 1 })

    expect(await failureOf(() => writer.write({ id: 1 }, noTimestamp))).toBe(full)
    expect(await failureOf(() => writer.write({ id: 2 }, noTimestamp))).toBe(full)
    expect(await failureOf(async () => prepare(1))).toBe(full)
    await writer.close()
  })

  test('of a file closes and removes it all the same', async () => {
    const operations: string[] = []
    const directory = await temporaryDirectory()
    const store = new HookedStore(localDirectory(directory), async (name, run) => {
      operations.push(name)
      if (name === 'append') throw new FlinktsError('FLINKTS_STORAGE_FULL', 'writing failed')
      return run()
    })
    const { writer, prepare } = await startSink({ store, bufferBytes: 1 })
    void writer.write({ id: 1 }, noTimestamp)

    await failureOf(async () => prepare(1))
    await writer.close()

    expect(operations).toContain('abort')
    expect(await readdir(directory)).toEqual([])
  })

  test('that is closed while it prepares leaves nothing under way', async () => {
    const held = Promise.withResolvers<void>()
    const order: string[] = []
    const store = new HookedStore(localDirectory(await temporaryDirectory()), async (name, run) => {
      if (name === 'prepare') await held.promise
      return run()
    })
    const { writer, prepare } = await startSink({ store })
    void writer.write({ id: 1 }, noTimestamp)

    const prepared = prepare(1).then(() => order.push('prepared'))
    const closed = writer.close().then(() => order.push('closed'))
    held.resolve()
    await Promise.all([prepared, closed])

    expect(order).toEqual(['prepared', 'closed'])
  })
})

describe('a commit', () => {
  test('of a file that somebody took away is rejected', async () => {
    const { committer } = await startSink()

    const failure = await failureOf(async () =>
      committer.commit({ path: 'gone.jsonl', token: '.gone.inprogress', size: 3, records: 1 }),
    )

    expect(failure.code).toBe('FLINKTS_COMMIT_REJECTED')
  })

  test('over a foreign file is rejected', async () => {
    const { directory, writer, committer, prepare } = await startSink()
    await writer.write({ id: 1 }, noTimestamp)
    const committables = await prepare(1)
    await writeFile(join(directory, committables[0]?.path ?? ''), 'foreign')

    const failure = await failureOf(async () => {
      for (const committable of committables) await committer.commit(committable)
    })

    expect(failure.code).toBe('FLINKTS_COMMIT_REJECTED')
  })

  test('is to be tried again when the store failed for now', async () => {
    const cause = new FlinktsError('FLINKTS_STORAGE_FAILED', 'publishing failed')
    const store = new HookedStore(localDirectory(await temporaryDirectory()), async (name, run) => {
      if (name === 'publish') throw cause
      return run()
    })
    const { committer } = await startSink({ store })

    const outcome = await committer.commit({
      path: 'x',
      token: '.x.inprogress',
      size: 1,
      records: 1,
    })

    expect(outcome).toEqual({ status: 'retry', cause })
  })
})

describe('a start', () => {
  test('removes what earlier attempts of this operator left, and nothing else', async () => {
    const directory = await temporaryDirectory()
    const kept = [
      '.k3x-2-0-0-out.inprogress',
      '.k3x-3-0-0-out.inprogress',
      '.k3x-1-0-0-out2.inprogress',
      '.k3x-1-0-0-other-out.inprogress',
      '.k3-1-0-0-out.inprogress',
      '.k3x-out.inprogress',
      'part-0000000001-0000-00000-out-k3x-1.jsonl',
    ]
    for (const name of [...kept, '.k3x-1-0-0-out.inprogress', '.k3x-1-7-12-out.inprogress']) {
      await writeFile(join(directory, name), 'x')
    }

    await startSink({ path: directory }, { attempt: 2, subtask: 1 })
    expect(await filesBelow(directory)).toHaveLength(kept.length + 2)
    await startSink({ path: directory }, { attempt: 2, subtask: 0 })

    expect(await filesBelow(directory)).toEqual(kept.toSorted())
  })

  test('fails, and the preflight warns, when the directory cannot be written', async () => {
    const directory = await temporaryDirectory()
    await writeFile(join(directory, 'file'), '')
    const path = join(directory, 'file/out')
    const context = {
      operatorId: 'out',
      jobName: 'job',
      parallelism: 1,
      signal: new AbortController().signal,
    }

    const findings = await fileSink({ path, format: jsonLines() }).preflight?.(context)
    const failure = await failureOf(async () => startSink({ path }))

    expect(findings).toMatchObject([{ severity: 'error', code: 'directory-unwritable' }])
    expect(failure.code).toBe('FLINKTS_STORAGE_UNWRITABLE')
  })

  test('says what it is', async () => {
    const path = await temporaryDirectory()
    const sink = fileSink({ path, format: jsonLines() })

    expect(sink.guarantee).toBe('exactly-once')
    expect(sink.description).toBe(`json-lines files in ${path}`)
  })
})

describe('options', () => {
  const format = jsonLines()
  test.each([
    [{ format }, 'exactly one of "path" and "store"'],
    [{ path: 'out', store: localDirectory('out'), format }, 'exactly one of "path" and "store"'],
    [{ path: '', format }, '"path"'],
    [{ path: 'out' }, '"format"'],
    [{ path: 'out', format, rollBytes: 0 }, '"rollBytes"'],
    [{ path: 'out', format, filePrefix: '.x' }, '"filePrefix"'],
    [{ path: 'out', format, bucket: 'country' }, '"bucket"'],
    [{ store: 'out', format }, '"store"'],
    [{ path: 'out', format, rolBytes: 5 }, 'Did you mean "rollBytes"?'],
  ])('refuses %o', async (options, message) => {
    const failure = await failureOf(() => fileSink(options as never))

    expect(failure.code).toBe('FLINKTS_OPTION_INVALID')
    expect(failure.message).toContain(message)
  })

  test('of timeBucket are checked', async () => {
    const failure = await failureOf(() => timeBucket({ every: 'week' } as never))

    expect(failure.code).toBe('FLINKTS_OPTION_INVALID')
  })
})
