import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { FlinktsError, type Serializer } from '@flinkts/core/connector'
import { expect, onTestFinished, test } from 'vitest'
import { StateFolder, type StateKind } from '../../src/checks/states.ts'

async function emptyFolder(): Promise<StateFolder> {
  const directory = await mkdtemp(join(tmpdir(), 'flinkts-testkit-states-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return new StateFolder(pathToFileURL(`${directory}/`))
}

/** Text that ends in the version; reads these versions. */
function serializer(version: number, readable: readonly number[] = [version]): Serializer<unknown> {
  return {
    version,
    serialize: (value) => new TextEncoder().encode(`${String(value)}.${version}`),
    deserialize(of, bytes) {
      if (readable.includes(of)) return new TextDecoder().decode(bytes).slice(0, -2)
      throw new FlinktsError('FLINKTS_STATE_UNREADABLE', `version ${of} is unknown`)
    },
  }
}

function kindOf(written: Serializer<unknown>): StateKind {
  const bytes = written.serialize('text')
  return { kind: 'split', serializer: written, own: [{ version: written.version, bytes }] }
}

test('states of several versions are kept, and read with the oldest first', async () => {
  const folder = await emptyFolder()

  for (const version of [10, 2]) folder.write(kindOf(serializer(version)))

  expect(folder.read('split').map(([first]) => first?.version)).toEqual([2, 10])
})

test('what was written once stays as it was', async () => {
  const folder = await emptyFolder()
  folder.write(kindOf(serializer(1)))

  folder.write({ ...kindOf(serializer(1)), own: [{ version: 1, bytes: Buffer.from('other.1') }] })

  expect(folder.read('split').flat()).toEqual([{ version: 1, bytes: Buffer.from('text.1') }])
})

test('a release that reads the older versions passes, and one that does not fails', async () => {
  const folder = await emptyFolder()
  for (const version of [1, 2]) folder.write(kindOf(serializer(version, [1, 2])))

  expect(() => folder.expectReadable(kindOf(serializer(2, [1, 2])))).not.toThrow()
  expect(() => folder.expectReadable(kindOf(serializer(2)))).toThrow(
    'a split of version 1 is not read: version 1 is unknown',
  )
})

test('a version that nobody has kept is missed', async () => {
  const folder = await emptyFolder()

  expect(() => folder.expectReadable(kindOf(serializer(3)))).toThrow('no split of version 3')
})

test('bytes that are written in another way need another version', async () => {
  const folder = await emptyFolder()
  folder.write(kindOf(serializer(1)))
  const changed = { ...serializer(1), serialize: () => Buffer.from('changed') }

  expect(() => folder.expectReadable(kindOf(changed))).toThrow('written in another way')
})
