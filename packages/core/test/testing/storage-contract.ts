import { expect, test } from 'vitest'
import type { Storage } from '../../src/common/storage.ts'
import { errorWith } from '../matchers.ts'

const encoder = new TextEncoder()

export function bytesOf(text: string): Uint8Array {
  return encoder.encode(text)
}

export function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes)
}

/** What every `Storage` does, whatever is below it. `open` gives a new, empty one. */
export function storageContract(open: () => Promise<Storage>): void {
  test('reads what was written', async () => {
    const storage = await open()

    const size = await storage.write('a/b/file', [bytesOf('one '), bytesOf(''), bytesOf('two')])

    expect(size).toBe(7)
    expect(textOf(await storage.read('a/b/file'))).toBe('one two')
    expect(await storage.size('a/b/file')).toBe(7)
  })

  test('replaces a file by a shorter one', async () => {
    const storage = await open()
    await storage.write('file', [bytesOf('a long text')])

    await storage.write('file', [bytesOf('short')])

    expect(textOf(await storage.read('file'))).toBe('short')
  })

  test('writes an empty file', async () => {
    const storage = await open()

    expect(await storage.write('file', [])).toBe(0)

    expect(await storage.size('file')).toBe(0)
    expect(textOf(await storage.read('file'))).toBe('')
  })

  test('takes chunks one after the other', async () => {
    const storage = await open()
    let taken = 0
    function* chunks(): Iterable<Uint8Array> {
      for (taken = 1; taken <= 3; taken += 1) yield bytesOf(String(taken))
    }

    const written = storage.write('file', chunks())
    const takenInTheCall = taken
    await written

    expect(takenInTheCall).toBeLessThanOrEqual(1)
    expect(textOf(await storage.read('file'))).toBe('123')
  })

  test('rejects with what the chunks throw', async () => {
    const storage = await open()
    const failure = new Error('no serial form')
    function* chunks(): Iterable<Uint8Array> {
      yield bytesOf('start')
      throw failure
    }

    await expect(storage.write('file', chunks())).rejects.toBe(failure)
  })

  test('finds nothing where nothing is', async () => {
    const storage = await open()
    await storage.write('file', [bytesOf('text')])

    expect(await storage.read('none')).toBeUndefined()
    expect(await storage.read('none/file')).toBeUndefined()
    expect(await storage.read('file/below')).toBeUndefined()
    expect(await storage.size('none')).toBeUndefined()
    expect(await storage.list('none')).toEqual([])
  })

  test('has no size for a directory', async () => {
    const storage = await open()
    await storage.write('directory/file', [bytesOf('text')])

    expect(await storage.size('directory')).toBeUndefined()
  })

  test('lists files and directories in order', async () => {
    const storage = await open()
    await storage.write('d/b', [])
    await storage.write('d/c/deep', [])
    await storage.write('d/a', [])
    await storage.write('z', [])

    expect(await storage.list('d')).toEqual(['a', 'b', 'c'])
    expect(await storage.list('')).toEqual(['d', 'z'])
  })

  test('creates a file for one of several creators', async () => {
    const storage = await open()

    const creators = ['one', 'two', 'three'].map((text) =>
      storage.createExclusive('a/file', bytesOf(text)),
    )
    const created = await Promise.all(creators)

    expect(created.filter((won) => won)).toHaveLength(1)
    const winner = ['one', 'two', 'three'][created.indexOf(true)]
    expect(textOf(await storage.read('a/file'))).toBe(winner)
    expect(await storage.list('a')).toEqual(['file'])
  })

  test('does not create where a directory is', async () => {
    const storage = await open()
    await storage.write('a/file', [])

    expect(await storage.createExclusive('a', bytesOf('text'))).toBe(false)
  })

  test('moves a file over another', async () => {
    const storage = await open()
    await storage.write('a/from', [bytesOf('new')])
    await storage.write('b/to', [bytesOf('old')])

    expect(await storage.rename('a/from', 'b/to')).toBe(true)

    expect(await storage.read('a/from')).toBeUndefined()
    expect(textOf(await storage.read('b/to'))).toBe('new')
  })

  test('moves a directory with all in it', async () => {
    const storage = await open()
    await storage.write('a/one', [bytesOf('1')])
    await storage.write('a/deep/two', [bytesOf('2')])

    expect(await storage.rename('a', 'b')).toBe(true)

    expect(await storage.list('')).toEqual(['b'])
    expect(textOf(await storage.read('b/one'))).toBe('1')
    expect(textOf(await storage.read('b/deep/two'))).toBe('2')
  })

  test('moves nothing if nothing is there', async () => {
    const storage = await open()
    await storage.write('to', [bytesOf('kept')])

    expect(await storage.rename('from', 'to')).toBe(false)

    expect(textOf(await storage.read('to'))).toBe('kept')
  })

  test('creates no directory for a move', async () => {
    const storage = await open()
    await storage.write('from', [bytesOf('kept')])

    expect(await storage.rename('from', 'none/to')).toBe(false)

    expect(textOf(await storage.read('from'))).toBe('kept')
    expect(await storage.list('')).toEqual(['from'])
  })

  test('keeps a directory that has become empty', async () => {
    const storage = await open()
    await storage.write('a/file', [bytesOf('text')])
    await storage.write('from', [])

    await storage.remove('a/file')

    expect(await storage.list('')).toEqual(['a', 'from'])
    expect(await storage.rename('from', 'a/to')).toBe(true)
  })

  test('removes a directory with all in it', async () => {
    const storage = await open()
    await storage.write('a/one', [])
    await storage.write('a/deep/two', [])
    await storage.write('ab', [])

    await storage.remove('a')

    expect(await storage.list('')).toEqual(['ab'])
  })

  test('removes what is not there without complaint', async () => {
    const storage = await open()

    await storage.remove('none')
    await storage.remove('none/file')

    expect(await storage.list('')).toEqual([])
  })

  test('calls a path below a regular file unwritable', async () => {
    const storage = await open()
    await storage.write('file', [bytesOf('text')])

    const unwritable = errorWith('FLINKTS_STORAGE_UNWRITABLE')
    await expect(storage.write('file/below', [])).rejects.toEqual(unwritable)
    await expect(storage.createExclusive('file/below', bytesOf(''))).rejects.toEqual(unwritable)
  })

  test.each([
    '../outside',
    'a/../../outside',
    '/absolute',
    'a//b',
    './a',
    'a/',
    'a\\b',
    'a\0b',
    '',
  ])('refuses the path %j', async (path) => {
    const storage = await open()
    const refused = errorWith('FLINKTS_ASSERTION_FAILED')
    await storage.write('file', [])

    await expect(async () => storage.read(path)).rejects.toEqual(refused)
    await expect(async () => storage.write(path, [])).rejects.toEqual(refused)
    await expect(async () => storage.createExclusive(path, bytesOf(''))).rejects.toEqual(refused)
    await expect(async () => storage.rename('file', path)).rejects.toEqual(refused)
    await expect(async () => storage.rename(path, 'file')).rejects.toEqual(refused)
    await expect(async () => storage.remove(path)).rejects.toEqual(refused)
  })
}
