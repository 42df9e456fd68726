import { FlinktsError, silentLogger } from '@flinkts/core/connector'
import { ManualScheduler } from '@flinkts/core/testing'
import { describe, expect, test } from 'vitest'
import { KeyLoader } from '../../src/lookup/key-loader.ts'
import type { KeyFinder } from '../../src/lookup/key-loader.ts'
import type { KeyValues } from '../../src/lookup/lookup-query.ts'
import type { Row } from '../../src/records/change.ts'

type Answer = PromiseWithResolvers<readonly (readonly Row[])[]> & {
  readonly keys: readonly string[]
}

/** Connections whose answers come when a test says so. */
class Finder implements KeyFinder {
  readonly queries: Answer[] = []

  find(keys: readonly KeyValues[]): Promise<readonly (readonly Row[])[]> {
    const names = keys.map(([key]) => key ?? '')
    const answer = { keys: names, ...Promise.withResolvers<readonly (readonly Row[])[]>() }
    this.queries.push(answer)
    return answer.promise
  }

  /** Each key's row is its name. */
  answer(index: number): void {
    const query = this.queries[index]
    query?.resolve(query.keys.map((key) => [{ key }]))
  }

  fail(index: number, failure: Error): void {
    this.queries[index]?.reject(failure)
  }

  close(): Promise<void> {
    for (const { reject } of this.queries) reject(new Error('closed'))
    return Promise.resolve()
  }

  get asked(): readonly string[] {
    return this.queries.map(({ keys }) => keys.join(' '))
  }
}

interface Setting {
  readonly finder: Finder
  readonly loader: KeyLoader
  readonly scheduler: ManualScheduler
  readonly found: string[]
  load(key: string, signal?: AbortSignal): Promise<readonly Row[]>
}

function setting({ batchKeysMax = 10, connections = 1, attemptsMax = 2 } = {}): Setting {
  const finder = new Finder()
  const scheduler = new ManualScheduler(0)
  const found: string[] = []
  const retry = { attemptsMax, delayMs: 100, delayMsMax: 1000 }
  const loader = new KeyLoader({
    connections: Array.from({ length: connections }, () => finder),
    batchKeysMax,
    backoff: { options: { retry }, scheduler, logger: silentLogger },
    clock: scheduler,
    onFound: ({ name }, rows, askedMs) => found.push(`${name} ${rows.length} at ${askedMs}`),
  })
  const never = new AbortController().signal
  const load = (key: string, signal = never): Promise<readonly Row[]> =>
    loader.load({ name: key, key: [key] }, signal)
  return { finder, loader, scheduler, found, load }
}

const lost = new FlinktsError('FLINKTS_POSTGRES_CONNECTION_FAILED', 'lost')
const refused = new FlinktsError('FLINKTS_POSTGRES_QUERY_FAILED', 'refused')
const unreadable = new FlinktsError('FLINKTS_POSTGRES_QUERY_FAILED', 'no number', {
  cause: Object.assign(new Error('no number'), { code: '22P02' }),
})

describe('a loader of keys', () => {
  test('asks for all keys of one turn in one query, each once', async () => {
    const { finder, load, found, scheduler } = setting()
    const results = [load('a'), load('b'), load('a')]
    await scheduler.settle()
    finder.answer(0)

    expect(await Promise.all(results)).toEqual([[{ key: 'a' }], [{ key: 'b' }], [{ key: 'a' }]])
    expect(finder.asked).toEqual(['a b'])
    expect(found).toEqual(['a 1 at 0', 'b 1 at 0'])
  })

  test('sends what came meanwhile together when a connection is free', async () => {
    const { finder, load, scheduler } = setting({ batchKeysMax: 2 })
    for (const key of ['a', 'b', 'c', 'd', 'e']) void load(key)
    await scheduler.settle()
    const before = [...finder.asked]
    finder.answer(0)
    await scheduler.settle()

    expect(before).toEqual(['a b'])
    expect(finder.asked).toEqual(['a b', 'c d'])
  })

  test('has a query under way on each connection', async () => {
    const { finder, load, scheduler } = setting({ batchKeysMax: 1, connections: 2 })
    for (const key of ['a', 'b', 'c']) void load(key)
    await scheduler.settle()

    expect(finder.asked).toEqual(['a', 'b'])
  })

  test('asks again for a key whose query was sent before the record came', async () => {
    const { finder, load, scheduler } = setting({ connections: 2 })
    void load('a')
    await scheduler.settle()
    void load('a')
    await scheduler.settle()

    expect(finder.asked).toEqual(['a', 'a'])
  })

  test('does not send a key that no record waits for any more', async () => {
    const { finder, loader, load, scheduler } = setting()
    const [first, second] = [new AbortController(), new AbortController()]
    void load('a')
    await scheduler.settle()
    const left = [load('b', first.signal), load('b', second.signal), load('c')]
    first.abort()
    const waiting = loader.unsent
    second.abort(new Error('too late'))

    await expect(left[0]).rejects.toThrow('too late')
    await expect(left[1]).rejects.toThrow('too late')
    finder.answer(0)
    await scheduler.settle()
    expect(waiting).toBe(2)
    expect(finder.asked).toEqual(['a', 'c'])
  })

  test('repeats a query whose connection was lost, after a pause', async () => {
    const { finder, scheduler, load } = setting()
    const result = load('a')
    await scheduler.settle()
    finder.fail(0, lost)
    await scheduler.settle()
    const before = finder.queries.length
    await scheduler.advance(100)
    finder.answer(1)

    expect(before).toBe(1)
    expect(await result).toEqual([{ key: 'a' }])
  })

  test('gives up after as many attempts as are allowed', async () => {
    const { finder, scheduler, load } = setting({ attemptsMax: 1 })
    const result = load('a')
    result.catch(() => undefined)
    await scheduler.settle()
    finder.fail(0, lost)
    await scheduler.settle()
    await scheduler.advance(100)
    finder.fail(1, lost)

    await expect(result).rejects.toBe(lost)
    expect(finder.queries.length).toBe(2)
  })

  test('repeats nothing that would fail again', async () => {
    const { finder, load, scheduler } = setting()
    const result = load('a')
    await scheduler.settle()
    finder.fail(0, refused)

    await expect(result).rejects.toBe(refused)
  })

  test('fails only the key that the server cannot read', async () => {
    const { finder, load, scheduler } = setting()
    const results = ['a', 'b', 'c'].map((key) => load(key))
    const outcomes = Promise.allSettled(results)
    await scheduler.settle()
    finder.fail(0, unreadable)
    await scheduler.settle()
    finder.fail(1, unreadable)
    await scheduler.settle()
    finder.answer(2)
    await scheduler.settle()
    finder.fail(3, unreadable)
    await scheduler.settle()
    finder.answer(4)

    expect((await outcomes).map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
    ])
    expect(finder.asked).toEqual(['a b c', 'a b', 'a', 'b', 'c'])
  })

  test('rejects everyone when it is closed, and asks for nothing more', async () => {
    const { finder, loader, load, scheduler } = setting()
    const sent = load('a')
    await scheduler.settle()
    const unsent = load('b')
    const outcomes = Promise.allSettled([sent, unsent])

    await loader.close()

    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(finder.asked).toEqual(['a'])
  })
})
