import { describe, expect, test } from 'vitest'
import { withValues, workload } from '../../src/records/kit-record.ts'
import { differenceOf, type KitValues, valueKinds } from '../../src/records/kit-values.ts'

describe('the values of a workload', () => {
  const size = { splitCount: 2, batchCount: 1, recordsPerBatch: 50 }
  const records = withValues(workload(3, size), valueKinds).batches.flat()

  test.each(valueKinds)('come as null and in all that is hard: %s', (kind) => {
    const all = records.map(({ values }) => values?.[kind])
    const different = new Set(all)

    expect(different).toContain(null)
    expect(different).not.toContain(undefined)
    expect(different.size).toBeGreaterThan(kind === 'boolean' ? 2 : 5)
  })

  test('are those of the kinds that are declared', () => {
    const [record] = withValues(workload(3, size), ['date', 'bytes']).batches.flat()

    expect(Object.keys(record?.values ?? {})).toEqual(['date', 'bytes'])
    expect(withValues(workload(3, size), [])).toEqual(workload(3, size))
  })

  test('are none that only one form of a number has', () => {
    const decimals = records.flatMap(({ values }) => values?.decimal ?? [])
    const doubles = records.flatMap(({ values }) => values?.double ?? [])

    expect(decimals.filter((text) => !/^-?\d{1,29}\.\d{9}$/.test(text))).toEqual([])
    expect(doubles.filter((value) => Object.is(value, -0))).toEqual([])
  })
})

describe('values that came', () => {
  test.each<[string, KitValues, KitValues]>([
    [
      'bigint 9007199254740993n came as 9007199254740992n',
      { bigint: 2n ** 53n + 1n },
      { bigint: 2n ** 53n },
    ],
    ["decimal '1.100000000' came as '1.1'", { decimal: '1.100000000' }, { decimal: '1.1' }],
    ['double NaN came as null', { double: Number.NaN }, { double: null }],
    [
      'double Infinity came as 1.7976931348623157e+308',
      { double: Number.POSITIVE_INFINITY },
      { double: Number.MAX_VALUE },
    ],
    ['double 0 came as -0', { double: 0 }, { double: -0 }],
    ['boolean null came as nothing', { boolean: null }, {}],
    ["date null came as ''", { date: null }, { date: '' }],
    ['bytes 0x00ff came as 0x00', { bytes: Uint8Array.of(0, 255) }, { bytes: Uint8Array.of(0) }],
    ['nested { a: [ null ] } came as { a: [] }', { nested: { a: [null] } }, { nested: { a: [] } }],
    [`nested [ '${'x'.repeat(57)}… came as []`, { nested: ['x'.repeat(80)] }, { nested: [] }],
  ])('are told apart: %s', (difference, expected, found) => {
    expect(differenceOf(expected, found)).toBe(difference)
  })

  test.each<[string, KitValues | undefined, KitValues | undefined]>([
    ['of kinds that nobody wrote', undefined, { bigint: 7n }],
    ['of no kind', undefined, undefined],
    ['in a buffer', { bytes: Uint8Array.of(1, 2) }, { bytes: Buffer.from([1, 2]) }],
    ['with fields in another order', { nested: { a: 1, b: {} } }, { nested: { b: {}, a: 1 } }],
    ['that are no numbers', { double: Number.NaN }, { double: Number.NaN }],
  ])('are the same: %s', (_what, expected, found) => {
    expect(differenceOf(expected, found)).toBeUndefined()
  })
})
