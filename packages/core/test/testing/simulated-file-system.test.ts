import { describe, expect, test } from 'vitest'
import { SeededPrng } from '../../src/common/prng.ts'
import {
  type SimulatedFiles,
  SimulatedFileSystem,
} from '../../src/testing/simulated-file-system.ts'
import { bytesOf, textOf } from './storage-contract.ts'

const seeds = Array.from({ length: 60 }, (_, index) => index + 1)
const everything = { recursive: true, force: true } as const

async function write(files: SimulatedFiles, path: string, text: string): Promise<void> {
  const file = await files.open(path, 'w')
  const bytes = bytesOf(text)
  for (let offset = 0; offset < bytes.byteLength; ) {
    offset += (await file.write(bytes, offset)).bytesWritten
  }
}

async function sync(files: SimulatedFiles, ...paths: string[]): Promise<void> {
  for (const path of paths) await (await files.open(path, 'r')).sync()
}

async function contentOf(files: SimulatedFiles, path: string): Promise<string | undefined> {
  const found = await files.readFile(path).catch(() => undefined)
  return textOf(found)
}

/** What a power loss after `act` leaves at `paths`, over all seeds, each in one text. */
async function leftovers(
  act: (files: SimulatedFiles) => Promise<void>,
  ...paths: string[]
): Promise<ReadonlySet<string>> {
  const left = new Set<string>()
  for (const seed of seeds) {
    const fileSystem = new SimulatedFileSystem(new SeededPrng(seed))
    await act(fileSystem.open())
    fileSystem.losePower()
    const files = fileSystem.open()
    const contents = await Promise.all(paths.map((path) => contentOf(files, path)))
    left.add(contents.map((content) => content ?? '-').join(' '))
  }
  return left
}

describe('a power loss', () => {
  test('leaves the whole of a file that was synced with its directory', async () => {
    const left = await leftovers(async (files) => {
      await write(files, '/file', 'text')
      await sync(files, '/file', '/')
    }, '/file')

    expect([...left]).toEqual(['text'])
  })

  test('may leave a file without its name, if its directory was not synced', async () => {
    const left = await leftovers(async (files) => {
      await write(files, '/file', 'text')
      await sync(files, '/file')
    }, '/file')

    expect([...left].toSorted()).toEqual(['-', 'text'])
  })

  test('may leave a name with a part of its content, if the file was not synced', async () => {
    const left = await leftovers(async (files) => {
      await write(files, '/file', 'ab')
      await sync(files, '/')
    }, '/file')

    expect(left).toContain('')
    expect(left).toContain('ab')
    expect(left).toContain('a')
    expect(left).toContain('\0b')
    expect(left).not.toContain('-')
  })

  test('may undo the truncation of a file, or only what was written after it', async () => {
    const left = await leftovers(async (files) => {
      await write(files, '/file', 'old')
      await sync(files, '/file', '/')
      await files.open('/file', 'w')
    }, '/file')

    expect([...left].toSorted()).toEqual(['', 'old'])
  })

  test('shows a move within a directory whole or not at all', async () => {
    const left = await leftovers(
      async (files) => {
        await write(files, '/from', 'new')
        await write(files, '/to', 'old')
        await sync(files, '/from', '/to', '/')
        await files.rename('/from', '/to')
      },
      '/from',
      '/to',
    )

    expect([...left].toSorted()).toEqual(['- new', 'new old'])
  })

  test('may show a move between directories in both, but never in none', async () => {
    const left = await leftovers(
      async (files) => {
        await files.mkdir('/a', { recursive: true })
        await write(files, '/from', 'text')
        await sync(files, '/from', '/')
        await files.rename('/from', '/a/to')
      },
      '/from',
      '/a/to',
    )

    expect([...left].toSorted()).toEqual(['- text', 'text -', 'text text'])
  })

  test('may lose a file that was moved, if only the directory it left was synced', async () => {
    const left = await leftovers(
      async (files) => {
        await files.mkdir('/a', { recursive: true })
        await write(files, '/from', 'text')
        await sync(files, '/from', '/')
        await files.rename('/from', '/a/to')
        await sync(files, '/')
      },
      '/from',
      '/a/to',
    )

    expect([...left].toSorted()).toEqual(['- -', '- text'])
  })

  test('may bring back what was removed', async () => {
    const left = await leftovers(async (files) => {
      await write(files, '/file', 'text')
      await sync(files, '/file', '/')
      await files.unlink('/file')
    }, '/file')

    expect([...left].toSorted()).toEqual(['-', 'text'])
  })

  test('may lose a directory with all that was synced in it', async () => {
    const left = await leftovers(async (files) => {
      await files.mkdir('/a/b', { recursive: true })
      await write(files, '/a/b/file', 'text')
      await sync(files, '/a/b/file', '/a/b')
    }, '/a/b/file')

    expect([...left].toSorted()).toEqual(['-', 'text'])
  })

  test('is the end of every process', async () => {
    const fileSystem = new SimulatedFileSystem(new SeededPrng(1))
    const resumed: (() => void)[] = []
    const files = fileSystem.open(() => new Promise((resolve) => resumed.push(resolve)))
    let settled = false
    const note = (): void => {
      settled = true
    }
    files.mkdir('/a', { recursive: true }).then(note, note)

    fileSystem.losePower()
    for (const resume of resumed) resume()
    await new Promise(setImmediate)

    expect(await fileSystem.open().readdir('/')).toEqual([])
    expect(settled).toBe(false)
  })
})

describe('a simulated file system', () => {
  test('keeps what a killed process did', async () => {
    const fileSystem = new SimulatedFileSystem(new SeededPrng(1))
    const files = fileSystem.open()
    await write(files, '/file', 'text')

    files.kill()

    expect(await contentOf(fileSystem.open(), '/file')).toBe('text')
  })

  test('gives two names to one file, which stays until both are gone', async () => {
    const files = new SimulatedFileSystem(new SeededPrng(1)).open()
    await write(files, '/one', 'text')

    await files.link('/one', '/two')
    await files.unlink('/one')

    expect(await contentOf(files, '/two')).toBe('text')
  })

  test('lets a handle follow its file', async () => {
    const files = new SimulatedFileSystem(new SeededPrng(1)).open()
    const file = await files.open('/from', 'wx')
    await files.rename('/from', '/to')

    await file.write(bytesOf('x'))

    expect(await contentOf(files, '/to')).toBe('x')
    expect((await files.stat('/to')).ino).toBe((await file.stat()).ino)
  })

  test('tells which directory of several it made first', async () => {
    const files = new SimulatedFileSystem(new SeededPrng(1)).open()

    expect(await files.mkdir('/a/b/c', { recursive: true })).toBe('/a')
    expect(await files.mkdir('/a/b/d', { recursive: true })).toBe('/a/b/d')
    expect(await files.mkdir('/a/b/d', { recursive: true })).toBeUndefined()
  })

  test('removes a directory with all in it', async () => {
    const files = new SimulatedFileSystem(new SeededPrng(1)).open()
    await files.mkdir('/a/b', { recursive: true })
    await write(files, '/a/b/file', 'text')

    await files.rm('/a', everything)
    await files.rm('/a', everything)

    expect(await files.readdir('/')).toEqual([])
  })

  test('fails as Node does', async () => {
    const files = new SimulatedFileSystem(new SeededPrng(1)).open()
    await files.mkdir('/full/below', { recursive: true })
    await files.mkdir('/empty', { recursive: true })
    await write(files, '/file', 'text')

    await expect(files.stat('/none')).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(files.access('/none/file')).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(files.open('/none/file', 'w')).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(files.open('/file', 'wx')).rejects.toMatchObject({ code: 'EEXIST' })
    await expect(files.link('/file', '/empty')).rejects.toMatchObject({ code: 'EEXIST' })
    await expect(files.mkdir('/file', { recursive: true })).rejects.toMatchObject({
      code: 'EEXIST',
    })
    await expect(files.readFile('/file/below')).rejects.toMatchObject({ code: 'ENOTDIR' })
    await expect(files.readdir('/file')).rejects.toMatchObject({ code: 'ENOTDIR' })
    await expect(files.rename('/empty', '/file')).rejects.toMatchObject({ code: 'ENOTDIR' })
    await expect(files.readFile('/empty')).rejects.toMatchObject({ code: 'EISDIR' })
    await expect(files.rename('/file', '/empty')).rejects.toMatchObject({ code: 'EISDIR' })
    await expect(files.unlink('/empty')).rejects.toMatchObject({ code: 'EISDIR' })
    await expect(files.rm('/empty', { force: true })).rejects.toMatchObject({ code: 'EISDIR' })
    await expect(files.rename('/empty', '/full')).rejects.toMatchObject({ code: 'ENOTEMPTY' })
  })
})
