import { describe, expect, test } from 'vitest'
import { FlinktsError } from '../../src/common/errors.ts'
import { SeededPrng } from '../../src/common/prng.ts'
import { SimulatedStorage } from '../../src/testing/simulated-storage.ts'
import { bytesOf, storageContract, textOf } from './storage-contract.ts'

describe('a simulated storage', () => {
  storageContract(() => Promise.resolve(new SimulatedStorage(new SeededPrng(1)).open()))

  test('keeps what was written, over the death of the process', async () => {
    const disk = new SimulatedStorage(new SeededPrng(1))
    const first = disk.open()
    await first.write('a/file', [bytesOf('text')])

    first.crash()

    expect(textOf(await disk.open().read('a/file'))).toBe('text')
  })

  test('leaves any prefix, or nothing, of a write in progress', async () => {
    const left = new Set<string | undefined>()
    for (let seed = 0; seed < 60; seed += 1) {
      const disk = new SimulatedStorage(new SeededPrng(seed))
      const process = openUntil(disk, (step) => step === 4)
      void process.handle.write('file', [bytesOf('a'), bytesOf('b'), bytesOf('c')])
      await process.crashed
      left.add(textOf(disk.content('file')))
    }

    expect(left).toEqual(new Set([undefined, '', 'a', 'ab']))
  })

  test('moves at one instant', async () => {
    const places = new Set<string>()
    for (let crashAt = 1; crashAt <= 2; crashAt += 1) {
      const disk = new SimulatedStorage(new SeededPrng(1))
      await disk.open().write('from', [bytesOf('text')])
      const process = openUntil(disk, (step) => step === crashAt)
      void process.handle.rename('from', 'to')
      await process.crashed
      places.add(disk.paths().join())
    }

    expect(places).toEqual(new Set(['from', 'to']))
  })

  test('lets a dead process change nothing', async () => {
    const disk = new SimulatedStorage(new SeededPrng(1))
    const resumed: (() => void)[] = []
    const handle = disk.open(() => new Promise((resolve) => resumed.push(resolve)))
    let settled = false
    const note = (): void => {
      settled = true
    }
    handle.write('file', [bytesOf('text')]).then(note, note)

    handle.crash()
    for (const resume of resumed) resume()
    handle.createExclusive('other', bytesOf('text')).then(note, note)
    await new Promise(setImmediate)

    expect(disk.paths()).toEqual([])
    expect(settled).toBe(false)
  })

  test('fails with the error that a step injects', async () => {
    const disk = new SimulatedStorage(new SeededPrng(1))
    const full = new FlinktsError('FLINKTS_STORAGE_FULL', 'the disk is full')
    const handle = disk.open((operation) =>
      operation === 'write' ? Promise.reject(full) : Promise.resolve(),
    )

    await expect(handle.write('file', [bytesOf('text')])).rejects.toBe(full)

    expect(await handle.list('')).toEqual([])
  })

  test('lets a write go on in a file that another process moved', async () => {
    const disk = new SimulatedStorage(new SeededPrng(1))
    const other = disk.open()
    let steps = 0
    const handle = disk.open(async () => {
      steps += 1
      if (steps === 3) await other.rename('a', 'b')
    })

    await handle.write('a/file', [bytesOf('one '), bytesOf('two')])

    expect(disk.paths()).toEqual(['b/file'])
    expect(textOf(disk.content('b/file'))).toBe('one two')
  })

  test('shows and makes damage', async () => {
    const disk = new SimulatedStorage(new SeededPrng(1))
    await disk.open().write('a/file', [bytesOf('text')])

    disk.damage('a/file', bytesOf('tex'))
    expect(await disk.open().size('a/file')).toBe(3)
    disk.damage('a/file', undefined)

    expect(await disk.open().read('a/file')).toBeUndefined()
  })
})

function openUntil(
  disk: SimulatedStorage,
  isLast: (step: number) => boolean,
): { readonly handle: ReturnType<SimulatedStorage['open']>; readonly crashed: Promise<void> } {
  const { promise: crashed, resolve } = Promise.withResolvers<void>()
  let steps = 0
  const handle = disk.open(() => {
    steps += 1
    if (!isLast(steps)) return Promise.resolve()
    handle.crash()
    resolve()
    return Promise.resolve()
  })
  return { handle, crashed }
}
