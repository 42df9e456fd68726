import { expect, test } from 'vitest'
import { RunLimit } from '../../src/checks/run-limit.ts'

/** A run whose end the test decides. */
function run(limit: RunLimit, name: string, begun: string[]): { end(): Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>()
  const done = limit.run(async () => {
    begun.push(name)
    await promise
  })
  return {
    end() {
      resolve()
      return done
    },
  }
}

test('no more runs go on at a time than the limit says, and the others come in order', async () => {
  const limit = new RunLimit(2)
  const begun: string[] = []
  const [first, second, third, fourth] = ['1', '2', '3', '4'].map((name) => run(limit, name, begun))
  await Promise.resolve()

  expect(begun).toEqual(['1', '2'])
  await second?.end()
  expect(begun).toEqual(['1', '2', '3'])
  await first?.end()
  expect(begun).toEqual(['1', '2', '3', '4'])
  await Promise.all([third?.end(), fourth?.end()])
})

test('a run that fails makes room, and a place is free again when nobody waits', async () => {
  const limit = new RunLimit(1)
  const failed = limit.run(() => Promise.reject(new Error('it fails')))
  const begun: string[] = []
  const waiting = run(limit, 'next', begun)

  await expect(failed).rejects.toThrow('it fails')
  await waiting.end()
  const last = run(limit, 'last', begun)
  await last.end()

  expect(begun).toEqual(['next', 'last'])
})
