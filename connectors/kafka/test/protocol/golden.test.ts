import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { FlinktsError } from '@flinkts/core/connector'
import { type Api, decodeResponse, encodeRequest } from '../../src/protocol/api.ts'
import { goldenCases } from './golden-cases.ts'

const golden = JSON.parse(
  readFileSync(new URL('golden/bytes.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, string>>

function bytesOf(name: string): Buffer {
  const hex = golden[name]
  expect(hex).toBeDefined()
  return Buffer.from(hex ?? '', 'hex')
}

function versionsOf(api: Api<never, unknown>): readonly number[] {
  const { min, max } = api.versions
  return Array.from({ length: max - min + 1 }, (_, index) => min + index)
}

/** What decoding gives: nothing, or the code of the error. */
function codeOf(decode: () => unknown): string | undefined {
  try {
    decode()
    return undefined
  } catch (error) {
    return error instanceof FlinktsError ? error.code : `not coded: ${String(error)}`
  }
}

const cases = goldenCases.flatMap((one) =>
  versionsOf(one.api).map((version) => ({ ...one, version, name: one.api.name })),
)

describe('every API in every version that is spoken', () => {
  test.each(cases)('writes the request $name v$version as Kafka does', (one) => {
    const bytes = encodeRequest(one.api, one.version, one.request as never)

    expect(bytes.toString('hex')).toBe(golden[`${one.name}Request v${one.version}`])
  })

  test.each(cases)('reads the response $name v$version that Kafka writes', (one) => {
    const response = decodeResponse(
      one.api,
      one.version,
      bytesOf(`${one.name}Response v${one.version}`),
    )

    expect(response).toEqual(one.response(one.version))
  })

  test.each(cases)('refuses the response $name v$version wherever it is cut', (one) => {
    const bytes = bytesOf(`${one.name}Response v${one.version}`)

    const codes = Array.from(bytes.keys(), (length) =>
      codeOf(() => decodeResponse(one.api, one.version, bytes.subarray(0, length))),
    )

    expect(new Set(codes)).toEqual(new Set(['FLINKTS_KAFKA_PROTOCOL_VIOLATED']))
  })

  test.each(cases)('refuses the response $name v$version with bytes left over', (one) => {
    const bytes = bytesOf(`${one.name}Response v${one.version}`)
    const longer = Buffer.concat([bytes, Buffer.from([0])])

    expect(() => decodeResponse(one.api, one.version, longer)).toThrow(
      expect.objectContaining({
        code: 'FLINKTS_KAFKA_PROTOCOL_VIOLATED',
        message: expect.stringContaining(`${one.name} v${one.version}`) as string,
      }) as Error,
    )
  })

  test.each(cases)('reads the changed response $name v$version, or refuses it', (one) => {
    const bytes = bytesOf(`${one.name}Response v${one.version}`)
    const change = fc.record({ at: fc.nat(bytes.length - 1), byte: fc.nat(255) })

    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const changed = Buffer.from(bytes)
        for (const { at, byte } of changes) changed[at] = byte
        const code = codeOf(() => decodeResponse(one.api, one.version, changed))
        expect([undefined, 'FLINKTS_KAFKA_PROTOCOL_VIOLATED']).toContain(code)
      }),
      { numRuns: 100 },
    )
  })

  test('is all that the golden bytes hold', () => {
    const names = cases.flatMap(({ name, version }) => [
      `${name}Request v${version}`,
      `${name}Response v${version}`,
    ])

    expect(names.toSorted()).toEqual(Object.keys(golden).toSorted())
  })
})
