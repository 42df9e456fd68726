import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { operatorHarness } from '../../src/testing/operator-harness.ts'
import { withCountry } from './async-example.ts'

async function textOf(path: string): Promise<string> {
  return readFile(new URL(path, import.meta.url), 'utf8')
}

test('the example of docs/async.md is this one', async () => {
  const example = (await textOf('async-example.ts')).replace('../../src/index.ts', '@flinkts/core')

  expect(await textOf('../../../../docs/async.md')).toContain(example)
})

test('the example of docs/async.md repeats, gives up, and keeps the order', async () => {
  let refusals = 1
  const customers = {
    find: (name: string): Promise<string> => {
      if (name === 'lost') return new Promise(() => {})
      refusals -= 1
      return refusals >= 0 ? Promise.reject(new Error('away')) : Promise.resolve('Norway')
    },
  }
  const harness = await operatorHarness<{ id: number; customer: string }, string>((orders) =>
    withCountry(orders, customers),
  )
  harness.push({ id: 1, customer: 'ola' })
  harness.push({ id: 2, customer: 'lost' })
  harness.push({ id: 3, customer: 'kari' })

  await harness.endInput()

  expect(harness.takeValues()).toEqual(['1: Norway', '2: unknown', '3: Norway'])
})
