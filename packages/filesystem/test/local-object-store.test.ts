import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { localDirectory } from '../src/index.ts'
import type { PreparedUpload } from '../src/index.ts'
import { filesBelow, visibleBelow } from './files-below.ts'
import { failureOf, temporaryDirectory, textOf } from './fixtures.ts'
import { gather } from './hooked-store.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const everything = { start: 0, end: Number.MAX_SAFE_INTEGER }

async function prepared(directory: string, text: string): Promise<PreparedUpload> {
  const upload = await localDirectory(directory).createUpload('a/part')
  await upload.append(bytes(text))
  return upload.prepare()
}

describe('objects', () => {
  test('are put, replaced, read by range, and deleted', async () => {
    const store = localDirectory(await temporaryDirectory())

    await store.put('a/b/x', bytes('first'))
    await store.put('a/b/x', bytes('0123456789'))

    expect(await store.stat('a/b/x')).toMatchObject({ path: 'a/b/x', size: 10 })
    expect(await store.get('a/b/x', { start: 2, end: 5 })).toEqual(bytes('234'))
    expect(await store.get('a/b/x', { start: 8, end: 50 })).toEqual(bytes('89'))
    expect(await store.get('a/b/x', { start: 20, end: 50 })).toEqual(bytes(''))
    await store.delete('a/b/x')
    await store.delete('a/b/x')
    expect(await store.stat('a/b/x')).toBeUndefined()
    expect(await store.get('a/b/x', everything)).toBeUndefined()
  })

  test('are put over what a put that died left behind', async () => {
    const directory = await temporaryDirectory()
    await writeFile(join(directory, '.x.inprogress'), 'half of a longer content')

    await localDirectory(directory).put('x', bytes('whole'))

    expect(await filesBelow(directory)).toEqual(['x'])
    expect(await textOf(directory, 'x')).toBe('whole')
  })

  test('have another version once another object took their path', async () => {
    const store = localDirectory(await temporaryDirectory())
    await store.put('x', bytes('old'))
    const info = await store.stat('x')
    await store.put('x', bytes('new'))

    const version = info?.version ?? ''
    expect(await store.get('x', { ...everything, version })).toBeUndefined()
    const now = await store.stat('x')
    expect(await store.get('x', { ...everything, version: now?.version ?? '' })).toEqual(
      bytes('new'),
    )
  })

  test('are listed by prefix, in the order of their paths, without uploads', async () => {
    const directory = await temporaryDirectory()
    const store = localDirectory(directory)
    for (const path of ['a-b', 'a/z', 'a/b/c', 'b', 'ab/x']) await store.put(path, bytes(path))
    await store.createUpload('a/hidden')

    const paths = async (prefix: string, recursive = true): Promise<string[]> =>
      (await gather(store.list(prefix, { recursive }))).map((info) => info.path)

    expect(await paths('')).toEqual(['a-b', 'a/b/c', 'a/z', 'ab/x', 'b'])
    expect(await paths('a')).toEqual(['a-b', 'a/b/c', 'a/z', 'ab/x'])
    expect(await paths('a/')).toEqual(['a/b/c', 'a/z'])
    expect(await paths('a/', false)).toEqual(['a/z'])
    expect(await paths('', false)).toEqual(['a-b', 'b'])
    expect(await paths('none/')).toEqual([])
  })

  test('never lie outside of the root', async () => {
    const store = localDirectory(await temporaryDirectory())

    const failure = await failureOf(async () => store.put('../x', bytes('x')))

    expect(failure.code).toBe('FLINKTS_ASSERTION_FAILED')
  })
})

describe('an upload', () => {
  test('is invisible until it is published', async () => {
    const directory = await temporaryDirectory()
    const store = localDirectory(directory)

    const upload = await prepared(directory, 'content')
    expect(upload).toEqual({ token: 'a/.part.inprogress', size: 7 })
    expect(await visibleBelow(directory)).toEqual([])
    expect(await gather(store.list(''))).toEqual([])

    expect(await store.publish(upload, 'a/final.jsonl')).toBe('published')
    expect(await filesBelow(directory)).toEqual(['a/final.jsonl'])
    expect(await textOf(directory, 'a/final.jsonl')).toBe('content')
  })

  test('is published once, however often it is asked for', async () => {
    const directory = await temporaryDirectory()
    const store = localDirectory(directory)
    const upload = await prepared(directory, 'content')

    await store.publish(upload, 'a/final')

    expect(await store.publish(upload, 'a/final')).toBe('already-published')
    expect(await store.publish(upload, 'a/final')).toBe('already-published')
  })

  test('is published over a file of the same size, left by half a rename', async () => {
    const directory = await temporaryDirectory()
    const upload = await prepared(directory, 'content')
    await writeFile(join(directory, 'a/final'), 'content')

    expect(await localDirectory(directory).publish(upload, 'a/final')).toBe('published')
    expect(await filesBelow(directory)).toEqual(['a/final'])
  })

  test('is in conflict with a file of another size', async () => {
    const directory = await temporaryDirectory()
    const upload = await prepared(directory, 'content')
    await writeFile(join(directory, 'a/final'), 'foreign content')

    expect(await localDirectory(directory).publish(upload, 'a/final')).toBe('conflict')
    expect(await textOf(directory, 'a/final')).toBe('foreign content')
  })

  test('is lost when neither it nor the object exists, or when it was cut', async () => {
    const directory = await temporaryDirectory()
    const store = localDirectory(directory)
    const upload = await prepared(directory, 'content')

    await writeFile(join(directory, upload.token), 'con')
    expect(await store.publish(upload, 'a/final')).toBe('lost')
    await rm(join(directory, upload.token))
    expect(await store.publish(upload, 'a/final')).toBe('lost')
  })

  test('cannot be begun twice under one path', async () => {
    const store = localDirectory(await temporaryDirectory())
    await store.createUpload('part')

    const failure = await failureOf(async () => store.createUpload('part'))

    expect(failure.code).toBe('FLINKTS_STORAGE_FAILED')
  })

  test('is listed by its name until it is aborted', async () => {
    const directory = await temporaryDirectory()
    const store = localDirectory(directory)
    const upload = await store.createUpload('a/b/one-1')
    await store.createUpload('two-1')
    await upload.append(bytes('x'))

    const [found, ...others] = await gather(store.listUploads('one-'))
    expect(found).toEqual({ name: 'one-1', token: 'a/b/.one-1.inprogress' })
    expect(others).toEqual([])
    await store.abortUpload({ name: 'one-1', token: 'a/b/.one-1.inprogress' })
    await upload.abort()
    expect(await filesBelow(directory)).toEqual(['.two-1.inprogress'])
  })
})

describe('failures', () => {
  test('no space left is FLINKTS_STORAGE_FULL', async () => {
    const directory = await temporaryDirectory()
    await symlink('/dev/full', join(directory, '.x.inprogress'))

    const failure = await failureOf(async () => localDirectory(directory).put('x', bytes('x')))

    expect(failure.code).toBe('FLINKTS_STORAGE_FULL')
    expect(failure.retryable).toBe(true)
  })

  test('a file in place of a directory is FLINKTS_STORAGE_UNWRITABLE, and checked', async () => {
    const directory = await temporaryDirectory()
    await writeFile(join(directory, 'file'), '')
    const store = localDirectory(join(directory, 'file/below'))

    const failure = await failureOf(async () => store.put('x', bytes('x')))

    expect(failure.code).toBe('FLINKTS_STORAGE_UNWRITABLE')
    expect(await store.check('write')).toMatchObject([
      { severity: 'error', code: 'directory-unwritable' },
    ])
    expect(await store.check('read')).toMatchObject([
      { severity: 'error', code: 'directory-unreadable' },
    ])
  })

  test('the check of a directory that can be created changes nothing', async () => {
    const directory = await temporaryDirectory()
    await mkdir(join(directory, 'there'))

    expect(await localDirectory(join(directory, 'there/to/come')).check('write')).toEqual([])
    expect(await localDirectory(join(directory, 'there')).check('read')).toEqual([])
    expect(await gather(localDirectory(join(directory, 'there')).list(''))).toEqual([])
  })
})
