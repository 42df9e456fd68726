import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { twoInputHarness } from '../../src/testing/operator-harness.ts'
import { overdrawn } from './broadcast-example.ts'

async function textOf(path: string): Promise<string> {
  return readFile(new URL(path, import.meta.url), 'utf8')
}

test('the example of docs/broadcast.md is this one', async () => {
  const example = (await textOf('broadcast-example.ts')).replace(
    '../../src/index.ts',
    '@flinkts/core',
  )

  expect(await textOf('../../../../docs/broadcast.md')).toContain(example)
})

test('the example of docs/broadcast.md goes by the limit of the moment', async () => {
  const harness = await twoInputHarness(overdrawn)
  harness.push(0, { account: 'a', amount: 60 })
  harness.push(1, { currency: 'EUR', amount: 100 })
  harness.push(0, { account: 'b', amount: 60 })
  harness.push(0, { account: 'a', amount: 60 })

  expect(harness.takeValues()).toEqual(['a: 120'])
})
