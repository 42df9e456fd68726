import { expect, test } from 'vitest'
import { CheckpointCatalog } from '../../src/checkpoint/checkpoint-catalog.ts'
import { CheckpointStore } from '../../src/checkpoint/checkpoint-store.ts'
import { loadLists } from '../../src/checkpoint/load-lists.ts'
import type { CheckpointManifest } from '../../src/checkpoint/manifest.ts'
import { defined } from '../../src/common/assert.ts'
import { encodeListFile } from '../../src/state/list-file.ts'
import type { SimulatedStorage } from '../../src/testing/simulated-storage.ts'
import { attemptStore, manifestOf, newDisk, writeState } from './fixtures.ts'

const lists = [
  { name: 'queue', distribution: 'split', items: [{ version: 1, bytes: Buffer.from('large') }] },
] as const
const path = 'chk-000001/counts-0.lists'

/** A disk with one checkpoint, whose operator `counts` has its lists in a file. */
async function diskWithLists(): Promise<{ disk: SimulatedStorage; store: CheckpointStore }> {
  const disk = newDisk()
  const storage = disk.open()
  const attempt = await attemptStore(storage).claim()
  const store = new CheckpointStore(storage, attempt)
  await store.recover({ guarantee: 'exactly-once' })
  await store.begin(1)
  await writeState(storage, 1)
  const bytes = await storage.write(path, [encodeListFile(lists)])
  await store.complete(withListFile(manifestOf(attempt, 1), bytes))
  return { disk, store }
}

function withListFile(manifest: CheckpointManifest, bytes: number): CheckpointManifest {
  const operators = manifest.operators.map((operator) => ({
    ...operator,
    subtasks: operator.subtasks.map((state) =>
      state.operatorId === 'counts' ? { ...state, listFile: { path, bytes } } : state,
    ),
  }))
  return { ...manifest, operators }
}

test('lists in a file are restored like those in the manifest', async () => {
  const { disk } = await diskWithLists()
  const attempt = await attemptStore(disk.open()).claim()

  const manifest = await new CheckpointStore(disk.open(), attempt).recover({
    guarantee: 'exactly-once',
  })

  const [state] = manifest?.operators[0]?.subtasks ?? []
  expect(state?.lists).toEqual(lists)
  expect(state).not.toHaveProperty('listFile')
})

test('a checkpoint is damaged if a list file of it is', async () => {
  const { disk } = await diskWithLists()
  const bytes = disk.content(path)?.slice() ?? new Uint8Array()
  bytes[bytes.length - 1] = 0
  disk.damage(path, bytes)

  const { damage } = await new CheckpointCatalog(disk.open()).inspect(1)

  expect(damage?.message).toContain(`file '${path}' in 'simulated disk': a list file is damaged`)
})

test('a list file that is gone is a corrupt checkpoint, and is named', async () => {
  const { disk } = await diskWithLists()
  const { manifest } = await new CheckpointCatalog(disk.open()).inspect(1)
  disk.damage(path, undefined)

  const loaded = loadLists(defined(manifest, 'the manifest is intact'), disk.open())

  await expect(loaded).rejects.toMatchObject({
    code: 'FLINKTS_CHECKPOINT_CORRUPT',
    message: `list file "${path}" of operator "counts" is missing in simulated disk`,
  })
})
