import { mkdir, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { FlinktsError, silentLogger } from '@flinkts/core/connector'
import { jsonLines } from '@flinkts/formats'
import { describe, expect, test } from 'vitest'
import { fileSource, localDirectory } from '../src/index.ts'
import type { FileSourceOptions } from '../src/index.ts'
import { failureOf, temporaryDirectory } from './fixtures.ts'
import { HookedStore } from './hooked-store.ts'
import { SourceRun } from './source-run.ts'

const format = jsonLines()

async function write(directory: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true })
    await writeFile(join(directory, path), text)
  }
}

async function inputDirectory(files: Readonly<Record<string, string>>): Promise<string> {
  const directory = await temporaryDirectory()
  await write(directory, files)
  return directory
}

async function started(
  options: Partial<FileSourceOptions<unknown>> & { path: string | readonly string[] },
) {
  const run = new SourceRun(fileSource({ format, ...options }))
  await run.start()
  return run
}

function values(run: SourceRun<unknown>): unknown[] {
  return run.emitted.map(({ value }) => value)
}

describe('a bounded source', () => {
  test('reads every visible file below a directory in the order of paths, and ends', async () => {
    const directory = await inputDirectory({
      'b.jsonl': '3\n4\n',
      'a/x.jsonl': '1\n2',
      'a/empty.jsonl': '',
      '.hidden.jsonl': '"hidden"\n',
      _SUCCESS: '',
      '_temporary/x.jsonl': '"temporary"\n',
      'a/.k3x-1-0-0-out.inprogress': '"in progress"\n',
    })

    const run = await started({ path: directory })
    await run.runToEnd()

    expect(values(run)).toEqual([1, 2, 3, 4])
    expect(run.ended).toBe(true)
    expect(run.released).toHaveLength(2)
  })

  test.each([
    ['a.jsonl', ['a']],
    ['*.jsonl', ['a', 'b']],
    ['**/*.jsonl', ['a', 'b', 'c', 'd']],
    ['in/*/*.jsonl', ['d']],
    ['in', ['c', 'd', 'e']],
    ['in/', ['c', 'd', 'e']],
    ['{a,b}.jsonl', ['a', 'b']],
    ['in2', ['f']],
    ['_named.jsonl', ['named']],
    ['absent', []],
    ['absent/*.jsonl', []],
  ])('reads what the path %j means', async (path, expected) => {
    const directory = await inputDirectory({
      'a.jsonl': '"a"',
      'b.jsonl': '"b"',
      'in/c.jsonl': '"c"',
      'in/deep/d.jsonl': '"d"',
      'in/e.txt': '"e"',
      'in2/f.txt': '"f"',
      '_named.jsonl': '"named"',
    })

    const local = await started({ path: join(directory, path) + (path.endsWith('/') ? '/' : '') })
    const inStore = await started({ path, store: localDirectory(directory) })
    await local.runToEnd()
    await inStore.runToEnd()

    expect(values(local)).toEqual(expected)
    expect(values(inStore)).toEqual(expected)
  })

  test('reads a file that several paths name once', async () => {
    const directory = await inputDirectory({ 'a.jsonl': '1\n' })

    const run = await started({ path: [join(directory, '*.jsonl'), directory] })
    await run.runToEnd()

    expect(values(run)).toEqual([1])
  })

  test('reads large files in splits, by all subtasks', async () => {
    const lines = Array.from({ length: 50 }, (_, id) => `{"id":${id}}\n`).join('')
    const directory = await inputDirectory({ 'a.jsonl': lines })

    const source = fileSource({ path: directory, format, splitBytes: 37, readBytes: 10 })
    const run = new SourceRun(source, { parallelism: 3 })
    await run.start()
    await run.runToEnd()

    const ids = values(run).map((value) => (value as { id: number }).id)
    expect(ids.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, id) => id))
    expect(run.released).toHaveLength(Math.ceil(lines.length / 37))
  })

  test('reads a file of a format that is not splittable in one', async () => {
    const directory = await inputDirectory({ 'a.jsonl': '1\n2\n3\n' })

    const run = await started({
      path: directory,
      format: { ...format, splittable: false },
      splitBytes: 1,
    })
    await run.runToEnd()

    expect(values(run)).toEqual([1, 2, 3])
    expect(run.released).toHaveLength(1)
  })

  test('does not look for files again after a restore', async () => {
    const directory = await inputDirectory({ 'a.jsonl': '1\n2\n' })
    const source = fileSource({ path: directory, format })
    const run = new SourceRun(source)
    await run.start()
    await run.runUntil(1)
    const restored = run.checkpoint()
    await write(directory, { 'b.jsonl': '3\n' })

    const next = new SourceRun(source, { restored })
    await next.start()
    await next.runToEnd()

    expect(values(next)).toEqual([2])
  })

  test('reads a file only as far as it went when it was discovered', async () => {
    const directory = await inputDirectory({ 'a.jsonl': '1\n2\n' })
    const run = await started({ path: directory })
    await writeFile(join(directory, 'a.jsonl'), '3\n', { flag: 'a' })

    await run.runToEnd()

    expect(values(run)).toEqual([1, 2])
  })
})

describe('a watching source', () => {
  const watch = { intervalMs: 1000 }

  test('reads files that come, each once, and does not end', async () => {
    const directory = await inputDirectory({ 'b.jsonl': '1\n' })
    const run = await started({ path: directory, watch })
    await run.runUntil(1)

    await write(directory, { 'a.jsonl': '2\n' })
    run.time.advance(1000)
    await run.runUntil(2)
    run.time.advance(999)
    await run.until(() => run.time.timerCount === 1)

    expect(values(run)).toEqual([1, 2])
    expect(run.ended).toBe(false)
    await run.close()
    expect(run.time.timerCount).toBe(0)
  })

  test('after a restore, reads what came meanwhile and nothing twice', async () => {
    const directory = await inputDirectory({ 'a.jsonl': '1\n2\n' })
    const source = fileSource({ path: directory, format, watch })
    const run = new SourceRun(source)
    await run.start()
    await run.runUntil(1)
    const restored = run.checkpoint()
    await write(directory, { 'b.jsonl': '3\n' })

    const next = new SourceRun(source, { restored })
    await next.start()
    await next.runUntil(2)

    expect(values(next)).toEqual([2, 3])
    await next.close()
  })

  test('warns once when a file that it knows changes its size', async () => {
    const directory = await inputDirectory({ 'a.jsonl': '1\n' })
    const warnings: unknown[] = []
    const logger = { ...silentLogger, warn: (_: string, fields: unknown) => warnings.push(fields) }
    const run = new SourceRun(fileSource({ path: directory, format, watch }), { logger })
    await run.start()
    await run.runUntil(1)
    await writeFile(join(directory, 'a.jsonl'), '2\n', { flag: 'a' })

    for (let round = 0; round < 2; round += 1) {
      run.time.advance(1000)
      await run.until(() => run.time.timerCount === 1)
    }

    expect(warnings).toEqual([{ path: join(directory, 'a.jsonl').slice(1), sizeThen: 2, size: 4 }])
    expect(values(run)).toEqual([1])
    await run.close()
  })

  test('fails the job when files cannot be listed any more', async () => {
    const cause = new FlinktsError('FLINKTS_STORAGE_FAILED', 'listing failed')
    let broken = false
    const store = new HookedStore(localDirectory(await temporaryDirectory()), async (name, run) => {
      if (broken && name === 'list') throw cause
      return run()
    })
    const run = await started({ path: '*.jsonl', store, watch })
    broken = true
    run.time.advance(1000)

    expect(await failureOf(async () => run.until(() => false))).toBe(cause)
  })
})

describe('a file that changes under the reader', () => {
  const changes: readonly (readonly [string, (path: string) => Promise<void>])[] = [
    ['is removed', async (path) => rm(path)],
    ['becomes shorter', async (path) => truncate(path, 2)],
  ]
  test.each(changes)('fails the job when it %s', async (_name, change) => {
    const directory = await inputDirectory({ 'a.jsonl': '1\n2\n3\n' })
    const source = fileSource({ path: directory, format })
    const run = new SourceRun(source)
    await run.start()
    await run.runUntil(1)
    const restored = run.checkpoint()
    await change(join(directory, 'a.jsonl'))

    const next = new SourceRun(source, { restored })
    await next.start()
    const failure = await failureOf(async () => next.runToEnd())

    expect(failure.code).toBe('FLINKTS_FILE_CHANGED')
  })

  test('fails the job when another file takes its place', async () => {
    const directory = await inputDirectory({ 'a.jsonl': '1\n2\n3\n', other: '7\n8\n9\n' })
    let reads = 0
    const store = new HookedStore(localDirectory(directory), async (name, run) => {
      if (name === 'get') reads += 1
      if (reads === 2) await rename(join(directory, 'other'), join(directory, 'a.jsonl'))
      return run()
    })
    const run = await started({ path: 'a.jsonl', store, readBytes: 2 })

    const failure = await failureOf(async () => run.runToEnd())

    expect(failure.code).toBe('FLINKTS_FILE_CHANGED')
    expect(values(run)).toEqual([1])
  })

  test('names the line that is no record, and emits those before', async () => {
    const directory = await inputDirectory({ 'a.jsonl': '1\n2\n{"a"\n' })
    const run = await started({ path: directory })

    const failure = await failureOf(async () => run.runToEnd())

    expect(failure.code).toBe('FLINKTS_RECORD_UNDECODABLE')
    expect(failure.message).toContain(`"${join(directory, 'a.jsonl')}" at byte 4`)
    expect(values(run)).toEqual([1, 2])
  })
})

describe('preflight', () => {
  const context = {
    operatorId: 'in',
    jobName: 'job',
    parallelism: 1,
    signal: new AbortController().signal,
  }

  test('warns when a bounded source matches no file', async () => {
    const path = await temporaryDirectory()

    expect(await fileSource({ path, format }).preflight?.(context)).toMatchObject([
      { severity: 'warning', code: 'no-files' },
    ])
    const watching = fileSource({ path, format, watch: { intervalMs: 1000 } })
    expect(await watching.preflight?.(context)).toEqual([])
  })

  test('finds directories that cannot be listed', async () => {
    const directory = await inputDirectory({ file: '1\n' })
    const source = fileSource({ path: join(directory, 'file/*.jsonl'), format })

    expect(await source.preflight?.(context)).toMatchObject([
      { severity: 'error', code: 'files-unlistable' },
    ])
  })

  test('finds nothing when there are files, and a store that cannot be read', async () => {
    const directory = await inputDirectory({ 'a.jsonl': '1\n' })
    const store = localDirectory(join(directory, 'absent'))

    expect(await fileSource({ path: directory, format }).preflight?.(context)).toEqual([])
    expect(await fileSource({ path: 'x', store, format }).preflight?.(context)).toMatchObject([
      { severity: 'error', code: 'directory-unreadable' },
    ])
  })
})

describe('options', () => {
  test.each([
    [{ format }, '"path"'],
    [{ path: [], format }, '"path"'],
    [{ path: 'in' }, '"format"'],
    [{ path: 'in', format, watch: { intervalMs: 0 } }, '"watch'],
    [{ path: 'in', format, watch: true }, '"watch'],
    [{ path: 'in', format, splitBytes: 0.5 }, '"splitBytes"'],
    [{ path: 'in', format, pth: 'in' }, 'Did you mean "path"?'],
  ])('refuses %o', async (options, message) => {
    const failure = await failureOf(() => fileSource(options as never))

    expect(failure.code).toBe('FLINKTS_OPTION_INVALID')
    expect(failure.message).toContain(message)
  })
})

test('says what it is', () => {
  const source = fileSource({ path: ['in/*.jsonl', 'more'], format })

  expect(source.description).toBe('json-lines files in/*.jsonl, more')
  expect(source.boundedness).toBe('bounded')
  expect(source.replayable).toBe(true)
  expect(fileSource({ path: 'in', format, watch: { intervalMs: 10 } }).boundedness).toBe(
    'continuous-unbounded',
  )
  expect(fileSource({ path: 'in', format, watch: false }).boundedness).toBe('bounded')
})
