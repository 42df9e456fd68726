import { describe, expect, test } from 'vitest'
import { type Prng, randomBelow, SeededPrng } from '../../src/common/prng.ts'
import { NodeStorage } from '../../src/platform/node-storage.ts'
import { SimulatedFileSystem } from '../../src/testing/simulated-file-system.ts'
import { bytesOf, storageContract, textOf } from '../testing/storage-contract.ts'

const root = '/data/job'
/** Two tasks of a process write into the same directories, each files of its own. */
const lanes = [
  ['a/x', 'b/c/x', 'x'],
  ['a/y', 'b/c/y', 'y'],
] as const
const changesPerLane = 6

/** What a file may hold; `undefined`: it may be absent. */
type Contents = readonly (string | undefined)[]
const absent: Contents = [undefined]

/** What `Storage` promises to be on the disk, whenever the power goes. */
class Promised {
  /** A path that is not in it may hold anything. */
  readonly #contents: Map<string, Contents> = new Map()
  /** Moves in progress: the text is at one of the paths. */
  readonly #moves: Map<string, { readonly to: string; readonly text: string }> = new Map()

  /** As it is after a start: what is there was found on the disk. */
  static async found(storage: NodeStorage): Promise<Promised> {
    const promised = new Promised()
    for (const path of lanes.flat()) {
      promised.#contents.set(path, [textOf(await storage.read(path))])
    }
    return promised
  }

  async change(storage: NodeStorage, lane: (typeof lanes)[number], prng: Prng): Promise<void> {
    const path = lane[randomBelow(prng, lane.length)] ?? lane[0]
    const other = lane[randomBelow(prng, lane.length)] ?? lane[0]
    const text = `text ${randomBelow(prng, 1e9)}`
    // Whatever begins now may undo what an earlier process has left of a move.
    this.#moves.delete(path)
    const kind = randomBelow(prng, 4)
    if (kind === 0) return this.#write(storage, path, text)
    if (kind === 1) return this.#create(storage, path, text)
    if (kind === 2) return this.#remove(storage, path)
    return path === other ? undefined : this.#move(storage, path, other)
  }

  /** Undefined: it may hold anything. */
  contentsOf(path: string): Contents | undefined {
    return this.#contents.get(path)
  }

  /** Where a text is that was being moved: at one of two paths. */
  movesInProgress(): Iterable<readonly [string, { readonly to: string; readonly text: string }]> {
    return this.#moves
  }

  async #write(storage: NodeStorage, path: string, text: string): Promise<void> {
    this.#set(path, undefined)
    const half = text.length / 2
    await storage.write(path, [bytesOf(text.slice(0, half)), bytesOf(text.slice(half))])
    this.#set(path, [text])
  }

  async #create(storage: NodeStorage, path: string, text: string): Promise<void> {
    const before = this.#contents.get(path)
    this.#set(path, before && [...before, text])
    const created = await storage.createExclusive(path, bytesOf(text))
    this.#set(path, created ? [text] : before)
  }

  async #remove(storage: NodeStorage, path: string): Promise<void> {
    const before = this.#contents.get(path)
    this.#set(path, before && [...before, undefined])
    await storage.remove(path)
    this.#set(path, absent)
  }

  async #move(storage: NodeStorage, from: string, to: string): Promise<void> {
    const source = this.#contents.get(from)
    const target = this.#contents.get(to)
    this.#moves.delete(to)
    const moved = source?.filter((text) => text !== undefined)
    const [text] = moved ?? []
    if (text !== undefined && source?.length === 1) this.#moves.set(from, { to, text })
    this.#set(from, source && [...source, undefined])
    this.#set(to, moved && target && [...target, ...moved])
    const found = await storage.rename(from, to)
    this.#moves.delete(from)
    this.#set(from, found ? absent : source)
    this.#set(to, found ? moved : target)
  }

  #set(path: string, contents: Contents | undefined): void {
    if (contents === undefined) this.#contents.delete(path)
    else this.#contents.set(path, contents)
  }
}

interface Run {
  readonly prng: Prng
  readonly crashAt: number
  /** Default: all of them, at once. */
  readonly laneCount?: number
}

/** One process, which dies at its step `crashAt`. @returns whether it came to that step. */
async function runProcess(
  fileSystem: SimulatedFileSystem,
  promised: Promised,
  { prng, crashAt, laneCount = 2 }: Run,
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
  const storage = new NodeStorage(root, files)
  const work = lanes.slice(0, laneCount).map(async (lane) => {
    for (let count = 0; count < changesPerLane; count += 1) {
      await promised.change(storage, lane, prng)
    }
    return false
  })
  const done = Promise.all(work).then(() => false)
  const died = await Promise.race([done, crashed.promise])
  // What had taken place when it died may be heard of.
  await new Promise(setImmediate)
  return died
}

async function expectKept(promised: Promised, storage: NodeStorage, replay: string): Promise<void> {
  for (const path of lanes.flat()) {
    const content = textOf(await storage.read(path))
    expect(promised.contentsOf(path) ?? [content], `${path}, ${replay}`).toContain(content)
  }
}

/** Not while others sync the directory: that forgets what has left it before it has arrived. */
async function expectNothingLost(
  promised: Promised,
  storage: NodeStorage,
  replay: string,
): Promise<void> {
  for (const [from, { to, text }] of promised.movesInProgress()) {
    const found = [textOf(await storage.read(from)), textOf(await storage.read(to))]
    expect(found, `${from} to ${to}, ${replay}`).toContain(text)
  }
}

describe('a storage on a file system that loses power', () => {
  storageContract(() =>
    Promise.resolve(new NodeStorage(root, new SimulatedFileSystem(new SeededPrng(1)).open())),
  )

  test('keeps its promises, whichever step the power goes at', async () => {
    for (let seed = 1; seed <= 40; seed += 1) {
      let died = true
      for (let crashAt = 1; died; crashAt += 1) {
        const fileSystem = new SimulatedFileSystem(new SeededPrng(seed * 1000 + crashAt))
        const promised = await Promised.found(new NodeStorage(root, fileSystem.open()))
        const run = { prng: new SeededPrng(seed), crashAt, laneCount: 1 }
        died = await runProcess(fileSystem, promised, run)
        fileSystem.losePower()
        const storage = new NodeStorage(root, fileSystem.open())
        const replay = `seed ${seed}, step ${crashAt}`
        await expectKept(promised, storage, replay)
        await expectNothingLost(promised, storage, replay)
      }
    }
  })

  test('keeps its promises over deaths of processes, after which others go on', async () => {
    for (let seed = 1; seed <= 800; seed += 1) {
      const prng = new SeededPrng(seed)
      const fileSystem = new SimulatedFileSystem(prng)
      for (let loss = 1; loss <= 3; loss += 1) {
        const promised = await Promised.found(new NodeStorage(root, fileSystem.open()))
        const deaths = randomBelow(prng, 4)
        for (let death = 0; death <= deaths; death += 1) {
          const crashAt = 1 + randomBelow(prng, death === deaths ? 150 : 30)
          await runProcess(fileSystem, promised, { prng, crashAt })
        }
        fileSystem.losePower()
        const storage = new NodeStorage(root, fileSystem.open())
        await expectKept(promised, storage, `seed ${seed}, loss ${loss}`)
      }
    }
  })

  test('does without what it may not read above its root', async () => {
    const fileSystem = new SimulatedFileSystem(new SeededPrng(1))
    await fileSystem.open().mkdir(root, { recursive: true })
    const denied = Object.assign(new Error('permission denied'), { code: 'EACCES' })
    const files = fileSystem.open((operation, path) =>
      operation === 'open' && !path.startsWith(root) ? Promise.reject(denied) : Promise.resolve(),
    )

    await new NodeStorage(root, files).write('file', [bytesOf('text')])

    expect(textOf(await new NodeStorage(root, fileSystem.open()).read('file'))).toBe('text')
  })
})
