import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { NodeStorage } from '../../src/platform/node-storage.ts'
import { toStorageError } from '../../src/platform/storage-error.ts'
import { bytesOf, storageContract } from '../testing/storage-contract.ts'
import { containing, matching } from '../matchers.ts'

const scratch = mkdtempSync(join(tmpdir(), 'flinkts-storage-'))
let opened = 0

afterAll(() => rmSync(scratch, { recursive: true }))

function newRoot(): string {
  opened += 1
  return join(scratch, `root-${opened}`, 'nested')
}

describe('a storage on the local file system', () => {
  storageContract(() => Promise.resolve(new NodeStorage(newRoot())))

  test('creates nothing before the first write', async () => {
    const root = newRoot()
    const storage = new NodeStorage(root)

    expect(await storage.list('')).toEqual([])
    expect(existsSync(root)).toBe(false)
  })

  test('does not show a file whose creation a crash cut short', async () => {
    const root = newRoot()
    const storage = new NodeStorage(root)
    await storage.write('a/file', [])
    writeFileSync(join(root, 'a', '.creating-1234'), 'half')

    expect(await storage.list('a')).toEqual(['file'])
    await storage.remove('a')
    expect(await storage.list('')).toEqual([])
  })

  test('says which file could not be created', async () => {
    const root = newRoot()
    await new NodeStorage(root).write('file', [bytesOf('text')])
    const below = new NodeStorage(join(root, 'file'))

    await expect(below.write('a/state', [])).rejects.toMatchObject({
      code: 'FLINKTS_STORAGE_UNWRITABLE',
      message: containing(join(root, 'file', 'a', 'state')),
      hint: containing('Choose another directory'),
    })
  })

  test('says why a directory could not be read as a file', async () => {
    const storage = new NodeStorage(newRoot())
    await storage.write('a/file', [])

    await expect(storage.read('a')).rejects.toMatchObject({ code: 'FLINKTS_STORAGE_FAILED' })
  })
})

describe('errors of the file system', () => {
  test.each([
    ['ENOSPC', 'FLINKTS_STORAGE_FULL'],
    ['EDQUOT', 'FLINKTS_STORAGE_FULL'],
    ['EACCES', 'FLINKTS_STORAGE_UNWRITABLE'],
    ['EROFS', 'FLINKTS_STORAGE_UNWRITABLE'],
    ['ENOTSUP', 'FLINKTS_STORAGE_UNWRITABLE'],
    ['EIO', 'FLINKTS_STORAGE_FAILED'],
  ])('%s at a write is %s', (systemCode, code) => {
    const cause = Object.assign(new Error('it failed'), { code: systemCode })

    const error = toStorageError(cause, 'write', '/data/file')

    expect(error).toMatchObject({ code, cause, hint: matching(/\.$/) })
    expect(error).toMatchObject({ message: containing("'/data/file'") })
  })

  test('a file that may not be read is not called unwritable', () => {
    const cause = Object.assign(new Error('permission denied'), { code: 'EACCES' })

    expect(toStorageError(cause, 'read', '/data/file')).toMatchObject({
      code: 'FLINKTS_STORAGE_FAILED',
      message: "file '/data/file' could not be read: permission denied",
    })
  })
})
