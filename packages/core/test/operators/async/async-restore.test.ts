import { describe, expect, test } from 'vitest'
import type { HarnessSnapshot } from '../../../src/testing/harness/harness-snapshot.ts'
import { operatorHarness } from '../../../src/testing/operator-harness.ts'
import { harnessOf, Service, textsOf } from './fixtures.ts'

/** The snapshot of a subtask that has these under way, and the results of `answered`. */
async function snapshotOf(
  values: readonly string[],
  parts: {
    readonly answered?: readonly string[]
    readonly subtask?: number
    readonly parallelism?: number
    readonly ordered?: boolean
  } = {},
): Promise<HarnessSnapshot> {
  const { answered = [], subtask = 0, parallelism = 1, ordered = true } = parts
  const service = new Service()
  const harness = await harnessOf(service, { ordered }, { subtask, parallelism })
  for (const value of values) harness.push(value, 1)
  service.answer(...answered)
  await harness.settle()
  return harness.snapshot()
}

describe('a restored async operator', () => {
  test.each([true, false])(
    'C42: calls again for what was in flight, and emits it once (ordered: %s)',
    async (ordered) => {
      const snapshot = await snapshotOf(['a', 'b', 'c', 'd'], { ordered })
      const service = new Service()

      const harness = await harnessOf(service, { ordered }, { restore: snapshot })
      harness.push('e')
      service.answer('d', 'c', 'b', 'a', 'e')
      await harness.settle()

      expect(service.values).toEqual(['a', 'b', 'c', 'd', 'e'])
      const order = ordered ? ['A', 'B', 'C', 'D', 'E'] : ['D', 'C', 'B', 'A', 'E']
      expect(harness.takeValues()).toEqual(order)
    },
  )

  test.each([true, false])(
    'C41: keeps the order of records when it is restored after each (ordered: %s)',
    async (ordered) => {
      let service = new Service()
      let harness = await harnessOf(service, { ordered })
      for (const [index, value] of ['e1', 'e2', 'e3'].entries()) {
        harness.push(value, index)
        const restore = await harness.snapshot()
        service = new Service()
        harness = await harnessOf(service, { ordered }, { restore })
      }

      service.answer('e3', 'e2', 'e1')
      await harness.settle()

      expect(service.values).toEqual(['e1', 'e2', 'e3'])
      expect(harness.takeValues()).toEqual(ordered ? ['E1', 'E2', 'E3'] : ['E3', 'E2', 'E1'])
    },
  )

  test('has not forgotten a result that was there and not emitted', async () => {
    const snapshot = await snapshotOf(['a', 'b'], { answered: ['b'] })
    const service = new Service()

    await harnessOf(service, {}, { restore: snapshot })

    expect(service.values).toEqual(['a', 'b'])
  })

  test('does not repeat what was emitted', async () => {
    const snapshot = await snapshotOf(['a', 'b'], { answered: ['a'] })
    const service = new Service()

    const harness = await harnessOf(service, {}, { restore: snapshot })
    service.answer('b')
    await harness.settle()

    expect(service.values).toEqual(['b'])
    expect(harness.take()).toEqual([{ type: 'record', value: 'B', timestamp: 1 }])
  })

  test('takes more than its capacity in their order, and no more at once', async () => {
    const snapshot = await snapshotOf(['a', 'b', 'c'])
    const service = new Service()

    const harness = await harnessOf(service, { capacity: 2 }, { restore: snapshot })
    harness.push('d')
    const before = [...service.values]
    service.answer('a', 'b')
    await harness.settle()
    service.answer('c', 'd')
    await harness.settle()

    expect(before).toEqual(['a', 'b'])
    expect(harness.takeValues()).toEqual(['A', 'B', 'C', 'D'])
  })

  test('keeps what it had no room for in the next snapshot', async () => {
    const first = await snapshotOf(['a', 'b', 'c'])
    const crowded = await harnessOf(new Service(), { capacity: 1 }, { restore: first })
    const second = await crowded.snapshot()
    const service = new Service()

    await harnessOf(service, {}, { restore: second })

    expect(service.values).toEqual(['a', 'b', 'c'])
  })

  test('waits at the end of the input also for what it had no room for', async () => {
    const snapshot = await snapshotOf(['a', 'b'])
    const onTimeout = (value: string): string => value
    const options = { capacity: 1, timeoutMs: 5, onTimeout }

    const harness = await harnessOf(new Service(), options, { restore: snapshot })
    await harness.endInput()

    expect(textsOf(harness.take())).toEqual(['a', 'b', 'watermark Infinity'])
  })

  test('C51: gives every record in flight to one subtask, from two to three', async () => {
    const parallelism = 2
    const restore = [
      await snapshotOf(['a', 'b', 'c'], { subtask: 0, parallelism }),
      await snapshotOf(['d'], { subtask: 1, parallelism }),
    ]

    const called = await Promise.all(
      [0, 1, 2].map(async (subtask) => {
        const service = new Service()
        await harnessOf(service, {}, { restore, subtask, parallelism: 3 })
        return service.values
      }),
    )

    expect(called).toEqual([['a', 'b'], ['c'], ['d']])
  })

  test('leaves a watermark in the queue to the sources, which emit it again', async () => {
    const service = new Service()
    const harness = await harnessOf(service)
    harness.push('a', 1)
    harness.watermark(1)
    const snapshot = await harness.snapshot()

    const restored = await harnessOf(service, {}, { restore: snapshot })
    service.answer('a')
    await restored.settle()

    expect(textsOf(restored.take())).toEqual(['A'])
  })

  test('cannot take a snapshot of a record that has no serial form', async () => {
    const harness = await operatorHarness<symbol, string>((input) =>
      input.mapAsync('enrich', () => new Promise<string>(() => {}), { timeoutMs: 1 }),
    )
    harness.push(Symbol('no data'))

    await expect(harness.snapshot()).rejects.toMatchObject({
      code: 'FLINKTS_STATE_UNSERIALIZABLE',
    })
  })
})
