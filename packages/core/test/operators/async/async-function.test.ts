import { describe, expect, test } from 'vitest'
import type { AsyncFunction } from '../../../src/connector/async-function.ts'
import { type OperatorHarness, operatorHarness } from '../../../src/testing/operator-harness.ts'
import { Service } from './fixtures.ts'

/** Says when it is opened, called and closed, and in which subtask. */
class Connection implements AsyncFunction<string, string> {
  readonly service = new Service()
  readonly events: string[] = []
  readonly #openable: boolean

  constructor(openable = true) {
    this.#openable = openable
  }

  open: AsyncFunction<string, string>['open'] = ({ operatorId, subtask }) => {
    this.events.push(`open ${operatorId} ${subtask}`)
    if (!this.#openable) return Promise.reject(new Error('nobody is there'))
    return Promise.resolve({
      call: (value, context) => {
        this.events.push(`call ${value}`)
        return this.service.call(value, context)
      },
      close: () => {
        this.events.push('close')
        return Promise.resolve()
      },
    })
  }
}

function harnessOf(
  connection: Connection,
  options: Parameters<typeof operatorHarness>[1] = {},
): Promise<OperatorHarness<string, string>> {
  return operatorHarness(
    (input) => input.mapAsync('enrich', connection, { timeoutMs: 1000 }),
    options,
  )
}

describe('an async function that keeps something open', () => {
  test('is opened before its first record, and closed at the end', async () => {
    const connection = new Connection()
    const harness = await harnessOf(connection, { parallelism: 2, subtask: 1 })
    harness.push('a')
    harness.push('b')
    connection.service.answer('a', 'b')
    await harness.settle()

    await harness.close()

    expect(harness.takeValues()).toEqual(['A', 'B'])
    expect(connection.events).toEqual(['open enrich 1', 'call a', 'call b', 'close'])
  })

  test('is opened before it is called for what a checkpoint holds', async () => {
    const before = await harnessOf(new Connection())
    before.push('a')
    const restore = await before.snapshot()
    const connection = new Connection()

    await harnessOf(connection, { restore })

    expect(connection.events).toEqual(['open enrich 0', 'call a'])
  })

  test('is closed while calls are under way', async () => {
    const connection = new Connection()
    const harness = await harnessOf(connection)
    harness.push('a')

    await harness.close()

    expect(connection.events.at(-1)).toBe('close')
    expect(connection.service.callOf('a').context.signal.aborted).toBe(true)
  })

  test('fails the task if it cannot be opened', async () => {
    await expect(harnessOf(new Connection(false))).rejects.toThrow('nobody is there')
  })

  test('gives any number of values with flatMapAsync', async () => {
    const letters: AsyncFunction<string, readonly string[]> = {
      open: () =>
        Promise.resolve({ call: (value) => value.split(''), close: () => Promise.resolve() }),
    }
    const harness = await operatorHarness<string, string>((input) =>
      input.flatMapAsync('letters', letters, { timeoutMs: 1 }),
    )
    harness.push('ab')

    await harness.settle()

    expect(harness.takeValues()).toEqual(['a', 'b'])
  })
})
