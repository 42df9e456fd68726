import { describe, expect, test } from 'vitest'
import type { AsyncContext } from '../../../src/connector/async-function.ts'
import { operatorHarness } from '../../../src/testing/operator-harness.ts'
import { harnessOf, Service, textsOf } from './fixtures.ts'

describe('an async operator', () => {
  test('C41: emits in the order of the records, whatever the order of the results', async () => {
    const service = new Service()
    const harness = await harnessOf(service)
    harness.push('e1', 1)
    harness.push('e2', 2)
    harness.watermark(2)
    harness.push('e3', 3)

    service.answer('e3', 'e2')
    await harness.settle()
    const before = textsOf(harness.take())
    service.answer('e1')
    await harness.settle()

    expect(before).toEqual([])
    expect(textsOf(harness.take())).toEqual(['E1', 'E2', 'watermark 2', 'E3'])
  })

  test('C41: emits unordered what is there, but nothing past a watermark', async () => {
    const service = new Service()
    const harness = await harnessOf(service, { ordered: false })
    harness.push('e1', 1)
    harness.push('e2', 2)
    harness.watermark(2)
    harness.push('e3', 3)

    service.answer('e3', 'e2')
    await harness.settle()
    const before = textsOf(harness.take())
    service.answer('e1')
    await harness.settle()

    expect(before).toEqual(['E2'])
    expect(textsOf(harness.take())).toEqual(['E1', 'watermark 2', 'E3'])
  })

  test('keeps the timestamp of the record', async () => {
    const service = new Service()
    const harness = await harnessOf(service)
    harness.push('a', 7)
    harness.push('b')

    service.answer('a', 'b')
    await harness.settle()

    expect(harness.take()).toMatchObject([{ timestamp: 7 }, { timestamp: undefined }])
  })

  test.each([true, false])('keeps idleness in its place (ordered: %s)', async (ordered) => {
    const service = new Service()
    const harness = await harnessOf(service, { ordered })
    harness.push('a', 1)
    harness.idle(true)
    harness.push('b', 2)

    service.answer('b')
    await harness.settle()
    const before = textsOf(harness.take())
    service.answer('a')
    await harness.settle()

    expect(before).toEqual([])
    expect(textsOf(harness.take())).toEqual(['A', 'idle', 'active', 'B'])
  })

  test('passes on at once what a function returns without a promise', async () => {
    const harness = await operatorHarness<string, string>((input) =>
      input.mapAsync('enrich', (value) => value.toUpperCase(), { timeoutMs: 1 }),
    )
    for (const value of ['a', 'b', 'c']) harness.push(value)

    await harness.settle()

    expect(harness.takeValues()).toEqual(['A', 'B', 'C'])
  })

  test('emits all that a promise for many values resolves to', async () => {
    const harness = await operatorHarness<number, number>((input) =>
      input.flatMapAsync(
        'expand',
        (count) => Promise.resolve(Array.from({ length: count }, (_, index) => index)),
        { timeoutMs: 1 },
      ),
    )
    for (const count of [2, 0, 5000]) harness.push(count)

    await harness.settle()

    const values = harness.takeValues()
    expect(values.slice(0, 4)).toEqual([0, 1, 0, 1])
    expect(values).toHaveLength(5002)
  })

  test('fails the task with the record for which the function failed', async () => {
    const service = new Service()
    const harness = await harnessOf(service)
    harness.push('a')
    harness.push('b')

    service.fail('b')

    await expect(harness.settle()).rejects.toMatchObject({
      code: 'FLINKTS_USER_FUNCTION_FAILED',
      message: 'the function of operator "enrich" threw "no b today" for the record "b"',
    })
  })

  test('fails the task also if the function throws instead of rejecting', async () => {
    const harness = await operatorHarness<string, string>((input) =>
      input.mapAsync(
        'enrich',
        (): string => {
          throw new Error('at once')
        },
        { timeoutMs: 1 },
      ),
    )

    expect(() => harness.push('a')).toThrow(/threw "at once" for the record "a"/)
  })

  test('waits at the end of the input until all are emitted', async () => {
    const service = new Service()
    const harness = await harnessOf(service)
    harness.push('a', 1)
    harness.push('b', 2)

    const ended = harness.endInput()
    service.answer('b', 'a')
    await ended

    expect(textsOf(harness.take())).toEqual(['A', 'B', 'watermark Infinity'])
  })

  test('aborts the signals of all calls when the task ends', async () => {
    const service = new Service()
    const harness = await harnessOf(service)
    harness.push('a')
    harness.push('b')
    const { signal } = service.callOf('a').context

    await harness.close()

    expect(signal.aborted).toBe(true)
    expect(service.callOf('b').context.signal.aborted).toBe(true)
  })
})

describe('the capacity of an async operator', () => {
  test('holds the input back until there is room', async () => {
    const service = new Service()
    const harness = await harnessOf(service, { capacity: 2 })
    for (const value of ['a', 'b', 'c', 'd']) harness.push(value)
    const before = [...service.values]

    service.answer('a')
    await harness.settle()

    expect(before).toEqual(['a', 'b'])
    expect(service.values).toEqual(['a', 'b', 'c'])
    expect(harness.takeValues()).toEqual(['A'])
  })

  test.each([true, false])('counts watermarks (ordered: %s)', async (ordered) => {
    const service = new Service()
    const harness = await harnessOf(service, { capacity: 2, ordered })
    harness.push('a', 1)
    harness.watermark(1)
    harness.push('b', 2)
    const before = [...service.values]

    service.answer('a')
    await harness.settle()

    expect(before).toEqual(['a'])
    expect(service.values).toEqual(['a', 'b'])
    expect(textsOf(harness.take())).toEqual(['A', 'watermark 1'])
  })

  test('lets a barrier pass while it is used up', async () => {
    const service = new Service()
    const harness = await harnessOf(service, { capacity: 1 })
    harness.push('a')

    const snapshot = await harness.snapshot()

    expect(service.values).toEqual(['a'])
    expect(snapshot.manifest.length).toBeGreaterThan(0)
  })

  test('is also kept for results that are there and wait for the first', async () => {
    const service = new Service()
    const harness = await harnessOf(service, { capacity: 2 })
    for (const value of ['a', 'b', 'c']) harness.push(value)

    service.answer('b')
    await harness.settle()

    expect(service.values).toEqual(['a', 'b'])
  })
})

describe('time in an async operator', () => {
  test('is up for a call that never ends, and the error names its record', async () => {
    const service = new Service()
    const harness = await harnessOf(service, { timeoutMs: 500 })
    harness.push('slow')
    const { signal } = service.callOf('slow').context
    await harness.advanceProcessingTimeTo(499)
    const before = signal.aborted

    await expect(harness.advanceProcessingTimeTo(500)).rejects.toMatchObject({
      code: 'FLINKTS_ASYNC_TIMEOUT',
      message:
        'async operator "enrich" got no result within 500 ms, in attempt 1, for the record "slow"',
    })
    expect(before).toBe(false)
    expect(signal.aborted).toBe(true)
  })

  test('is counted for each record on its own', async () => {
    const service = new Service()
    const harness = await harnessOf(service, { timeoutMs: 500 })
    harness.push('a')
    await harness.advanceProcessingTimeTo(300)
    harness.push('b')
    service.answer('a')
    await harness.advanceProcessingTimeTo(799)

    await expect(harness.advanceProcessingTimeTo(800)).rejects.toThrow(/for the record "b"/)
  })

  test('that is up may give a result of its own; what comes later is ignored', async () => {
    const service = new Service()
    const onTimeout = (value: string): string => `${value} unknown`
    const harness = await harnessOf(service, { timeoutMs: 500, onTimeout })
    harness.push('a')
    harness.push('b')
    const { signal } = service.callOf('a').context
    service.answer('b')
    await harness.advanceProcessingTimeTo(500)

    service.answer('a')
    await harness.settle()

    expect(harness.takeValues()).toEqual(['a unknown', 'B'])
    expect(signal.aborted).toBe(true)
  })

  test('runs on while the input is held back and while it has ended', async () => {
    const service = new Service()
    const onTimeout = (value: string): string => `${value} unknown`
    const harness = await harnessOf(service, { timeoutMs: 500, onTimeout, capacity: 1 })
    harness.push('a')
    harness.push('b')

    await harness.endInput()

    expect(harness.takeValues()).toEqual(['a unknown', 'b unknown'])
    expect(harness.processingTime).toBe(1000)
  })

  test('fails the task if the result instead cannot be had', async () => {
    const service = new Service()
    const onTimeout = (): string => {
      throw new Error('no idea')
    }
    const harness = await harnessOf(service, { timeoutMs: 500, onTimeout })
    harness.push('a')

    await expect(harness.advanceProcessingTimeTo(500)).rejects.toThrow(/threw "no idea"/)
  })
})

describe('a failed call', () => {
  const retry = { attemptsMax: 3, delayMs: 10, backoff: 3 }

  test('is repeated after a pause that grows, and knows which attempt it is', async () => {
    const service = new Service()
    const harness = await harnessOf(service, { retry })
    harness.push('a')
    service.fail('a')
    await harness.advanceProcessingTimeTo(9)
    const before = service.calls.length
    await harness.advanceProcessingTimeTo(10)
    service.fail('a')
    await harness.advanceProcessingTimeTo(39)
    const between = service.calls.length
    await harness.advanceProcessingTimeTo(40)
    service.answer('a')
    await harness.settle()

    expect([before, between]).toEqual([1, 2])
    expect(service.calls.map(({ attempt }) => attempt)).toEqual([1, 2, 3])
    expect(harness.takeValues()).toEqual(['A'])
  })

  test('fails the task when it has no attempt left', async () => {
    const service = new Service()
    const harness = await harnessOf(service, { retry: { attemptsMax: 2, delayMs: 10 } })
    harness.push('a')
    service.fail('a')
    await harness.advanceProcessingTimeTo(10)

    service.fail('a')

    await expect(harness.settle()).rejects.toThrow(/threw "no a today"/)
  })

  test('is repeated only for failures that are worth it', async () => {
    const service = new Service()
    const retryOn = (cause: unknown): boolean => !String(cause).includes('no b')
    const harness = await harnessOf(service, { retry: { ...retry, retryOn } })
    harness.push('a')
    harness.push('b')
    service.fail('a')
    await harness.advanceProcessingTimeTo(10)
    service.fail('b')

    await expect(harness.settle()).rejects.toThrow(/threw "no b today"/)
    expect(service.values).toEqual(['a', 'b', 'a'])
  })

  test('fails the task if what says so throws itself', async () => {
    const service = new Service()
    const retryOn = (): boolean => {
      throw new Error('cannot say')
    }
    const harness = await harnessOf(service, { retry: { ...retry, retryOn } })
    harness.push('a')

    service.fail('a')

    await expect(harness.settle()).rejects.toThrow(/threw "cannot say" for the record "a"/)
  })

  test('has one time for all its attempts', async () => {
    const service = new Service()
    const harness = await harnessOf(service, { timeoutMs: 15, retry })
    harness.push('a')
    service.fail('a')
    await harness.advanceProcessingTimeTo(14)

    await expect(harness.advanceProcessingTimeTo(15)).rejects.toThrow(/within 15 ms, in attempt 2/)
  })

  test('is repeated once and at once when the input has ended', async () => {
    const attempts: number[] = []
    const never = (_value: string, { attempt }: AsyncContext): Promise<string> => {
      attempts.push(attempt)
      return Promise.reject(new Error('never'))
    }
    const options = { timeoutMs: 1000, retry: { attemptsMax: 9, delayMs: 900 } }
    const harness = await operatorHarness<string, string>((input) =>
      input.mapAsync('enrich', never, options),
    )
    harness.push('a')
    await harness.settle()

    await expect(harness.endInput()).rejects.toThrow(/threw "never"/)
    expect(attempts).toEqual([1, 2])
    expect(harness.processingTime).toBe(0)
  })
})
