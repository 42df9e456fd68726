import { expect, test } from 'vitest'
import { SeededPrng } from '../../src/common/prng.ts'
import { TimedFiles } from '../../src/task/timed-files.ts'
import { ManualScheduler } from '../../src/testing/manual-scheduler.ts'
import { SimulatedStorage } from '../../src/testing/simulated-storage.ts'

const clock = new ManualScheduler()
const files = new TimedFiles(new SimulatedStorage(new SeededPrng(1)).open(), clock)

/** Chunks of one byte, each of which takes that long to make; and the time behind the last. */
function* chunks(...times: readonly number[]): Iterable<Uint8Array> {
  for (const [index, ms] of times.entries()) {
    clock.pass(ms)
    if (index < times.length - 1) yield Uint8Array.of(index)
  }
}

test('knows how long the longest chunk took, also the work behind the last', async () => {
  await files.write('a', chunks(1, 6, 2))
  const afterFirst = files.longestChunkMs
  await files.write('b', chunks(1, 8))
  const afterSecond = files.longestChunkMs
  files.restart()
  await files.write('c', chunks(2, 1))

  expect([afterFirst, afterSecond, files.longestChunkMs]).toEqual([6, 8, 2])
})

test('writes what it is given', async () => {
  await files.write('d', chunks(0, 0, 0))

  await expect(files.read('d')).resolves.toEqual(Uint8Array.of(0, 1))
})
