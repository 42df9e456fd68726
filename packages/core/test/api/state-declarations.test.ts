import { describe, expect, test } from 'vitest'
import { defineJob } from '../../src/api/define-job.ts'
import { type StateDeclarations, valueState } from '../../src/state/state-descriptor.ts'
import type { StateTtl } from '../../src/state/state-ttl.ts'
import { sinkOf, sourceOf } from './fixtures.ts'

function define(state: StateDeclarations): void {
  defineJob('sales', {}, (env) => {
    env
      .source('in', sourceOf<number>())
      .keyBy((value) => value)
      .process('total', { state, process: () => [1] })
      .sinkTo('out', sinkOf())
  })
}

describe('the states of an operator', () => {
  test.each([
    [{ ms: 0 }, 'the time to live of state "last" of operator "total" is 0 ms'],
    [{ ms: -5 }, 'the time to live of state "last" of operator "total" is -5 ms'],
    [{ ms: Number.NaN }, 'the time to live of state "last" of operator "total" is NaN ms'],
    [{ ms: Infinity }, 'the time to live of state "last" of operator "total" is Infinity ms'],
    [{ ms: 1, update: 'never' }, 'state "last" of operator "total" has the update "never"'],
    [{ ms: 1, visibility: 'all' }, 'state "last" of operator "total" has the visibility "all"'],
  ])('refuse the time to live %j', (ttl, message) => {
    const refused = (): void => define({ last: valueState({ ttl: ttl as StateTtl }) })

    expect(refused).toThrow(expect.objectContaining({ code: 'FLINKTS_OPTION_INVALID', message }))
  })

  test('take a time to live with all of its settings', () => {
    const ttl: StateTtl = {
      ms: 0.5,
      update: 'on-read-and-write',
      visibility: 'return-expired-if-not-cleaned-up',
    }

    expect(() => define({ last: valueState({ ttl }) })).not.toThrow()
  })

  test('have no names of the engine', () => {
    const refused = (): void => define({ '~timers': valueState() })

    expect(refused).toThrow(expect.objectContaining({ code: 'FLINKTS_JOB_INVALID' }))
  })
})
