import { expect, test } from 'vitest'
import { parseOptions } from './options.ts'

test('takes a pipeline and what is its own', () => {
  const postgres = ['--kills', '1000', '--seed', '7', '--rows', '500', '--mode', 'staged']
  expect(parseOptions(postgres)).toMatchObject({
    pipeline: 'postgres',
    kills: 1000,
    seed: 7,
    rows: 500,
    mode: 'staged',
    help: false,
  })
  expect(parseOptions(['kafka', '--kills', '20', '--broker-kills', '0'])).toMatchObject({
    pipeline: 'kafka',
    kills: 20,
    brokerKills: 0,
  })
})

test('says which value it does not take', () => {
  expect(() => parseOptions(['mysql'])).toThrow('the pipeline is postgres or kafka, not "mysql"')
  expect(() => parseOptions(['kafka', 'postgres'])).toThrow('"postgres" is too much')
  expect(() => parseOptions(['--mode', 'append'])).toThrow(
    '--mode is twoPhase or staged, not "append"',
  )
  expect(() => parseOptions(['--kills', 'many'])).toThrow(
    '--kills takes a whole number from 1 to 100000, not "many"',
  )
})
