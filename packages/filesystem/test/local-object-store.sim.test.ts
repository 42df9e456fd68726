import { randomBelow, SeededPrng, SimulatedFileSystem } from '@flinkts/core/testing'
import type { Prng } from '@flinkts/core/testing'
import { expect, test } from 'vitest'
import { LocalObjectStore } from '../src/local-object-store.ts'
import type { PreparedUpload } from '../src/index.ts'
import { gather } from './hooked-store.ts'

/**
 * Whatever a store has said survives the power, at whichever step it goes: what was prepared can be
 * published, what was published is there.
 */

const root = '/data/out'
const buckets = ['', 'a/', 'a/b/'] as const
const partsPerLane = 3
const everything = { start: 0, end: Number.MAX_SAFE_INTEGER }

/** What a checkpoint keeps of an upload. */
interface Part {
  readonly prepared: PreparedUpload
  readonly path: string
  readonly text: string
}

/** What the store has said. */
class Said {
  readonly prepared: Part[] = []
  readonly published: Part[] = []
  /** The texts of the object that is replaced again and again: the last one, and what followed. */
  put: readonly (string | undefined)[] = [undefined]
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

async function textAt(store: LocalObjectStore, path: string): Promise<string | undefined> {
  const bytes = await store.get(path, everything)
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes)
}

async function writePart(store: LocalObjectStore, said: Said, name: string): Promise<void> {
  const bucket = buckets[name.length % buckets.length] ?? ''
  const upload = await store.createUpload(`${bucket}${name}`)
  await upload.append(bytesOf(`first half of ${name}, `))
  await upload.append(bytesOf('second half'))
  const prepared = await upload.prepare()
  const path = `${bucket}final-${name}`
  const part = { prepared, path, text: `first half of ${name}, second half` }
  said.prepared.push(part)
  await store.publish(prepared, path)
  said.published.push(part)
}

async function putAgain(store: LocalObjectStore, said: Said, text: string): Promise<void> {
  said.put = [...said.put, text]
  await store.put('meta/current', bytesOf(text))
  said.put = [text]
}

interface Run {
  readonly name: string
  readonly prng: Prng
  readonly crashAt: number
}

/** One process, which dies at its step `crashAt`. @returns whether it came to that step. */
async function runProcess(
  fileSystem: SimulatedFileSystem,
  said: Said,
  { name, prng, crashAt }: Run,
): Promise<boolean> {
  const crashed = Promise.withResolvers<boolean>()
  let steps = 0
  const files = fileSystem.open(() => {
    steps += 1
    if (steps === crashAt) {
      files.kill()
      crashed.resolve(true)
    }
    return Promise.resolve()
  })
  const store = new LocalObjectStore(root, files)
  const lane = async (letter: string): Promise<void> => {
    for (let part = 0; part < partsPerLane; part += 1) {
      await writePart(store, said, `${name}${letter.repeat(1 + randomBelow(prng, 3))}${part}`)
      if (letter === 'x') await putAgain(store, said, `${name}, after part ${part}`)
    }
  }
  const done = Promise.all([lane('x'), lane('y')]).then(() => false)
  const died = await Promise.race([done, crashed.promise])
  // What had taken place when it died may be heard of.
  await new Promise(setImmediate)
  return died
}

/** What a restored job does: commits again what is in its checkpoint. */
async function publishAgain(fileSystem: SimulatedFileSystem, said: Said): Promise<void> {
  const store = new LocalObjectStore(root, fileSystem.open())
  for (const part of said.prepared) {
    await store.publish(part.prepared, part.path)
    said.published.push(part)
  }
}

/** As it is right after a start: looks at what is there, and publishes nothing. */
async function expectPublished(
  fileSystem: SimulatedFileSystem,
  said: Said,
  replay: string,
): Promise<void> {
  const store = new LocalObjectStore(root, fileSystem.open())
  for (const { path, text } of said.published) {
    expect(await textAt(store, path), `${path}, ${replay}`).toBe(text)
  }
}

async function expectKept(
  fileSystem: SimulatedFileSystem,
  said: Said,
  replay: string,
): Promise<void> {
  await expectPublished(fileSystem, said, replay)
  const store = new LocalObjectStore(root, fileSystem.open())
  expect(said.put, `put, ${replay}`).toContain(await textAt(store, 'meta/current'))
  for (const { prepared, path, text } of said.prepared) {
    const outcome = await store.publish(prepared, path)
    expect(['published', 'already-published'], `${path}, ${replay}`).toContain(outcome)
    expect(await textAt(store, path), `${path}, ${replay}`).toBe(text)
  }
  // What was cut short has no visible name.
  const visible = (await gather(store.list(''))).map(({ path }) => path)
  const known = new Set(['meta/current', ...said.prepared.map(({ path }) => path)])
  expect(
    visible.filter((path) => !known.has(path)),
    `visible, ${replay}`,
  ).toEqual([])
}

test('keeps what it said, whichever step the power goes at', async () => {
  for (let seed = 1; seed <= 12; seed += 1) {
    let died = true
    for (let crashAt = 1; died; crashAt += 1) {
      const fileSystem = new SimulatedFileSystem(new SeededPrng(seed * 1000 + crashAt))
      const said = new Said()
      const run = { name: 'p', prng: new SeededPrng(seed), crashAt }
      died = await runProcess(fileSystem, said, run)
      fileSystem.losePower()
      await expectKept(fileSystem, said, `seed ${seed}, step ${crashAt}`)
    }
  }
})

test('keeps what it said when processes died, and others published what was prepared', async () => {
  for (let seed = 1; seed <= 400; seed += 1) {
    const prng = new SeededPrng(seed)
    const fileSystem = new SimulatedFileSystem(prng)
    const said = new Said()
    for (const name of ['p', 'q', 'r'].slice(0, 1 + randomBelow(prng, 3))) {
      await runProcess(fileSystem, said, { name, prng, crashAt: 1 + randomBelow(prng, 120) })
      if (randomBelow(prng, 2) === 0) await publishAgain(fileSystem, said)
    }
    fileSystem.losePower()
    await expectKept(fileSystem, said, `seed ${seed}`)
  }
})

test('does without what it may not read above its root', async () => {
  const fileSystem = new SimulatedFileSystem(new SeededPrng(1))
  await fileSystem.open().mkdir(root, { recursive: true })
  const denied = Object.assign(new Error('permission denied'), { code: 'EACCES' })
  const files = fileSystem.open((operation, path) =>
    operation === 'open' && !path.startsWith(root) ? Promise.reject(denied) : Promise.resolve(),
  )

  await new LocalObjectStore(root, files).put('x', bytesOf('text'))

  expect(await textAt(new LocalObjectStore(root, fileSystem.open()), 'x')).toBe('text')
})
