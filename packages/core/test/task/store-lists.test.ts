import { describe, expect, test } from 'vitest'
import { SeededPrng } from '../../src/common/prng.ts'
import { decodeListFile } from '../../src/state/list-file.ts'
import type { OperatorSubtaskState } from '../../src/state/operator-state.ts'
import { storeLists } from '../../src/task/store-lists.ts'
import { SimulatedStorage } from '../../src/testing/simulated-storage.ts'

function stateOf(...sizes: readonly number[]): OperatorSubtaskState {
  const lists = sizes.map((size, index) => ({
    name: `list ${index}`,
    distribution: 'split' as const,
    items: [{ version: 1, bytes: Buffer.alloc(size, index) }],
  }))
  return { operatorId: 'op', subtask: 2, lists, committables: [], keyed: undefined }
}

describe('lists', () => {
  test('of 64 KiB in all stay in the manifest', async () => {
    const disk = new SimulatedStorage(new SeededPrng(1))
    const state = stateOf(65_000, 536)

    expect(await storeLists(state, 7, disk.open())).toBe(state)
    expect(disk.paths()).toEqual([])
  })

  test('of more than 64 KiB in all go into a file beside it', async () => {
    const disk = new SimulatedStorage(new SeededPrng(1))
    const state = stateOf(65_000, 537)

    const stored = await storeLists(state, 7, disk.open())

    const path = 'chk-000007/op-2.lists'
    const bytes = await disk.open().read(path)
    expect(stored).toEqual({ ...state, lists: [], listFile: { path, bytes: bytes?.length } })
    expect(decodeListFile(bytes ?? new Uint8Array())).toEqual(state.lists)
  })
})
