import { describe, expect, test } from 'vitest'
import { decodeResponse, negotiateVersion } from '../../src/protocol/api.ts'
import { apiVersionsApi } from '../../src/protocol/api-versions.ts'
import { endTxnApi } from '../../src/protocol/end-txn.ts'
import { fetchApi } from '../../src/protocol/fetch.ts'
import { produceApi } from '../../src/protocol/produce.ts'

describe('negotiateVersion', () => {
  test.each([
    { theirs: { min: 4, max: 18 }, version: 12 },
    { theirs: { min: 4, max: 11 }, version: 11 },
    { theirs: { min: 12, max: 12 }, version: 12 },
  ])('agrees on v$version with a broker of $theirs.min to $theirs.max', ({ theirs, version }) => {
    expect(negotiateVersion(fetchApi, new Map([[1, theirs]]), 'b:1')).toBe(version)
  })

  test.each([
    { theirs: { min: 13, max: 20 }, range: 'speaks v13 to v20' },
    { theirs: { min: 0, max: 10 }, range: 'speaks v0 to v10' },
    { theirs: undefined, range: 'does not know it' },
  ])('refuses a broker that $range', ({ theirs, range }) => {
    const spoken = new Map(theirs === undefined ? [] : [[1, theirs]])

    expect(() => negotiateVersion(fetchApi, spoken, 'b:1')).toThrow(
      expect.objectContaining({
        code: 'FLINKTS_KAFKA_BROKER_UNSUPPORTED',
        message: `the broker "b:1" ${range}: Fetch, of which flinkts speaks v11 to v12`,
        hint: expect.stringContaining('Kafka 3.0') as string,
      }) as Error,
    )
  })

  test('stays below the versions whose commits move the epoch on', () => {
    const newest = { min: 0, max: 99 }
    const spoken = new Map([endTxnApi.key, produceApi.key].map((key) => [key, newest]))

    expect(negotiateVersion(endTxnApi, spoken, 'b:1')).toBeLessThanOrEqual(4)
    expect(negotiateVersion(produceApi, spoken, 'b:1')).toBeLessThanOrEqual(11)
  })
})

test('ApiVersions is read where the broker refuses its version', () => {
  const refusal = Buffer.from([0, 35, 0, 0, 0, 1, 0, 18, 0, 0, 0, 1])

  expect(decodeResponse(apiVersionsApi, 2, refusal)).toEqual({
    errorCode: 35,
    versions: new Map([[18, { min: 0, max: 1 }]]),
  })
})
