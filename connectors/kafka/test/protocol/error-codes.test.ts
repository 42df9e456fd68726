import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { isRetriable, kafkaError, kafkaErrors } from '../../src/protocol/error-codes.ts'

const ofKafka = JSON.parse(
  readFileSync(new URL('golden/errors.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, { readonly code: number; readonly retriable: boolean }>>

describe('the table of errors', () => {
  test('has the names and the numbers of Kafka', () => {
    const numbers = Object.entries(ofKafka).map(([name, { code }]) => [name, code])

    expect(kafkaErrors).toEqual(Object.fromEntries(numbers))
  })

  test('takes for retriable what Kafka does', () => {
    const ours = Object.values(kafkaErrors).map((code) => kafkaError(code))
    const retriable = ours.filter((error) => isRetriable(error)).map(({ name }) => name)
    const theirs = Object.entries(ofKafka).filter(([, error]) => error.retriable)

    expect(retriable.toSorted()).toEqual(theirs.map(([name]) => name).toSorted())
  })

  test('knows a code of a later Kafka for one that no waiting heals', () => {
    expect(kafkaError(9999)).toEqual({ code: 9999, name: 'UNKNOWN_CODE', reaction: 'fatal' })
  })
})
