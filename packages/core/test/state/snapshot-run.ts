import { isDeepStrictEqual } from 'node:util'
import { type Prng, randomBelow, SeededPrng } from '../../src/common/prng.ts'
import type { Key } from '../../src/state/key.ts'
import type { KeyedSnapshot } from '../../src/state/keyed-snapshot.ts'
import { type Contents, contentsOf, createFixture, type Fixture } from './backend-fixture.ts'
import { pick } from './random-value.ts'

const keyCount = 24
/** Only numbers, or tuples among them. */
const keySets: readonly (readonly Key[])[] = [
  Array.from({ length: keyCount }, (_, i) => (i < 20 ? i : i + 0.5)),
  Array.from({ length: keyCount }, (_, i) => (i % 3 === 0 ? ['t', i] : i)),
]
const mapKeys: readonly Key[] = ['a', 'b', 1, ['a', 1]]

/** What went wrong with a snapshot, and what went on. */
export interface SnapshotRun {
  readonly snapshotsChecked: number
  /** Snapshots that were open while another one was taken. */
  readonly snapshotsOverlapping: number
  readonly wrong: readonly string[]
}

interface OpenSnapshot {
  readonly snapshot: KeyedSnapshot
  readonly steps: Iterator<Uint8Array>
  readonly bytes: number[]
  readonly expected: readonly Contents[]
}

interface Model {
  readonly value: Map<Key, { count: number }>
  readonly list: Map<Key, { count: number }[]>
  readonly map: Map<Key, [Key, { count: number }][]>
  readonly plain: Map<Key, unknown>
}

/** One run: its keys, and what has them. */
interface Subject {
  readonly keys: readonly Key[]
  readonly maxParallelism: number
  readonly fixture: Fixture
  readonly model: Model
}

/**
 * Does random things with the states of random keys, takes snapshots in between, and advances them
 * step by step. Every snapshot that was read to its end is restored, and must be what a simple
 * model was when it was taken.
 */
export function runSnapshots(seed: number, records: number): SnapshotRun {
  const prng = new SeededPrng(seed)
  const sliceLimits = pick(prng, [
    { bytesMax: 1, slotsMax: 1 },
    { bytesMax: 40, slotsMax: 4 },
    { bytesMax: 300, slotsMax: 40 },
  ])
  const maxParallelism = pick(prng, [1, 2, 32])
  const subject: Subject = {
    keys: pick(prng, keySets),
    maxParallelism,
    fixture: createFixture({ sliceLimits, maxParallelism }),
    model: { value: new Map(), list: new Map(), map: new Map(), plain: new Map() },
  }
  const open: OpenSnapshot[] = []
  const run = { snapshotsChecked: 0, snapshotsOverlapping: 0, wrong: [] as string[] }
  for (let record = 0; record < records; record += 1) {
    processRecord(prng, subject)
    if (open.length < 3 && prng.next() < 0.08) {
      run.snapshotsOverlapping += open.length
      open.push(openSnapshot(subject))
    }
    if (open.length > 0 && prng.next() < 0.6) advance(prng, { subject, open, run })
  }
  while (open.length > 0) advance(prng, { subject, open, run })
  return run
}

function openSnapshot({ keys, fixture, model }: Subject): OpenSnapshot {
  const snapshot = fixture.backend.snapshot()
  const steps = snapshot.chunks()[Symbol.iterator]()
  const expected = keys.map((key) => ({
    value: structuredClone(model.value.get(key)),
    list: structuredClone(model.list.get(key) ?? []),
    map: structuredClone(model.map.get(key) ?? []),
    plain: model.plain.get(key),
  }))
  return { snapshot, steps, bytes: [], expected }
}

/** One step of a random snapshot; rarely, it is given up instead. */
function advance(
  prng: Prng,
  {
    subject: { keys, maxParallelism },
    open,
    run,
  }: {
    readonly subject: Subject
    readonly open: OpenSnapshot[]
    readonly run: { snapshotsChecked: number; readonly wrong: string[] }
  },
): void {
  const index = randomBelow(prng, open.length)
  const one = open[index]
  if (one === undefined) return
  if (prng.next() < 0.002) {
    one.snapshot.release()
    open.splice(index, 1)
    return
  }
  const step = one.steps.next()
  if (step.done !== true) {
    one.bytes.push(...step.value)
    return
  }
  open.splice(index, 1)
  run.snapshotsChecked += 1
  const restored = createFixture({ maxParallelism })
  restored.backend.restore(Uint8Array.from(one.bytes))
  const actual = contentsOf(restored, keys)
  if (!isDeepStrictEqual(actual, one.expected)) run.wrong.push(JSON.stringify({ actual, one }))
}

function processRecord(prng: Prng, { keys, fixture, model }: Subject): void {
  const key = pick(prng, keys)
  fixture.backend.setCurrentKey(key)
  for (let i = randomBelow(prng, 3); i >= 0; i -= 1) {
    pick(prng, [changeValue, changeList, changeMap, changePlain])(prng, key, fixture, model)
  }
}

function changeValue(prng: Prng, key: Key, { value }: Fixture, model: Model): void {
  const count = randomBelow(prng, 1000)
  switch (randomBelow(prng, 4)) {
    case 0:
      value.set({ count })
      model.value.set(key, { count })
      return
    case 1:
      value.clear()
      model.value.delete(key)
      return
    default:
      Object.assign(value.get() ?? {}, { count })
      Object.assign(model.value.get(key) ?? {}, { count })
  }
}

/** Mostly a number; tables come to hold other things, rarely, and are emptied now and then. */
function changePlain(prng: Prng, key: Key, { plain }: Fixture, model: Model): void {
  if (prng.next() < 0.4) {
    plain.clear()
    model.plain.delete(key)
    return
  }
  const others = [-0, 0.5, 2 ** 40, Number.NaN, 300, -40_000]
  const value = prng.next() < 0.02 ? 'text' : pick(prng, [randomBelow(prng, 100), ...others])
  plain.set(value)
  model.plain.set(key, value)
}

function changeList(prng: Prng, key: Key, { list }: Fixture, model: Model): void {
  const count = randomBelow(prng, 1000)
  const expected = model.list.get(key) ?? []
  switch (randomBelow(prng, 5)) {
    case 0:
      list.clear()
      model.list.delete(key)
      return
    case 1:
      list.update([{ count }])
      model.list.set(key, [{ count }])
      return
    case 2:
      for (const element of list.get()) element.count = count
      for (const element of expected) element.count = count
      return
    default:
      list.addAll([{ count }, { count: 1 }])
      model.list.set(key, [...expected, { count }, { count: 1 }])
  }
}

function changeMap(prng: Prng, key: Key, { map }: Fixture, model: Model): void {
  const count = randomBelow(prng, 1000)
  const mapKey = pick(prng, mapKeys)
  const expected = model.map.get(key) ?? []
  const rest = expected.filter(([other]) => other !== mapKey)
  switch (randomBelow(prng, 5)) {
    case 0:
      map.clear()
      model.map.delete(key)
      return
    case 1:
      map.delete(mapKey)
      model.map.set(key, rest)
      return
    case 2:
      for (const element of map.values()) element.count = count
      for (const [, element] of expected) element.count = count
      return
    case 3:
      Object.assign(map.get(mapKey) ?? {}, { count })
      Object.assign(expected.find(([other]) => other === mapKey)?.[1] ?? {}, { count })
      return
    default:
      map.delete(mapKey)
      map.set(mapKey, { count })
      model.map.set(key, [...rest, [mapKey, { count }]])
  }
}
