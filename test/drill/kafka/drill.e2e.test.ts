import { startKafka } from '@flinkts/test-services'
import { expect, test } from 'vitest'
import { runRound } from './round.ts'

test('a pipeline that is killed, as is its broker, copies every record once', async () => {
  await using server = await startKafka()

  const round = await runRound(server, { seed: 1, kills: 6, brokerKills: 1 })

  expect(round.kills).toBe(6)
  expect(round.examples).toEqual([])
  expect(Object.values(round.faults)).toEqual([0, 0, 0, 0, 0])
  expect(round.counts['records copied']).toBeGreaterThan(0)
})
