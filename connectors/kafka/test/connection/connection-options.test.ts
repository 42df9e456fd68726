import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import {
  type ConnectionOptions,
  resolveConnection,
} from '../../src/connection/connection-options.ts'

const secret = 'open sesame'

function invalid(part: string): Error {
  return expect.objectContaining({
    code: 'FLINKTS_OPTION_INVALID',
    message: expect.stringContaining(part) as string,
  }) as Error
}

describe('resolveConnection', () => {
  test('fills in the defaults', () => {
    expect(resolveConnection({ brokers: 'one.example:9092' })).toEqual({
      brokers: [{ host: 'one.example', port: 9092 }],
      clientId: 'flinkts',
      tls: undefined,
      sasl: undefined,
      connectTimeoutMs: 10_000,
      requestTimeoutMs: 30_000,
      metadataMaxAgeMs: 300_000,
      reconnectBackoff: { minMs: 50, maxMs: 1_000 },
      rackId: '',
    })
  })

  test.each([{ brokers: 'a:1,b:2, [::1]:3' }, { brokers: ['a:1', 'b:2', '[::1]:3'] }])(
    'takes brokers as $brokers',
    ({ brokers }) => {
      expect(resolveConnection({ brokers }).brokers).toEqual([
        { host: 'a', port: 1 },
        { host: 'b', port: 2 },
        { host: '::1', port: 3 },
      ])
    },
  )

  test.each(['host', 'host:0', 'host:65536', 'host:x', ':9092', '::1:9092', 'a b:1', ''])(
    'refuses "%s" for a broker, and says which one it is',
    (broker) => {
      expect(() => resolveConnection({ brokers: ['good:1', broker] })).toThrow(
        invalid('number 2 of the "brokers" of the connection is not of the form host:port'),
      )
    },
  )

  test('refuses to connect to nobody', () => {
    expect(() => resolveConnection({ brokers: [] })).toThrow(invalid('names no "brokers"'))
  })

  test('shows no password that was put into the address of a broker', () => {
    const brokers = `kafka://user:${secret.replace(' ', '')}@host:9092`

    expect(() => resolveConnection({ brokers })).toThrow(invalid('number 1'))
    expect(() => resolveConnection({ brokers })).not.toThrow(/opensesame/)
  })

  test('says which option may have been meant', () => {
    const options = { brokers: 'a:1', requestTimeoutMS: 5 } as ConnectionOptions

    expect(() => resolveConnection(options)).toThrow(invalid('requestTimeoutMs'))
  })

  test('refuses pauses whose shortest is longer than the longest', () => {
    const reconnectBackoff = { minMs: 2_000 }

    expect(() => resolveConnection({ brokers: 'a:1', reconnectBackoff })).toThrow(
      invalid('"minMs" is larger than "maxMs"'),
    )
  })

  test.each([secret, () => secret, () => Promise.resolve(secret)])(
    'asks for the password, however it is given',
    async (password) => {
      const sasl = { mechanism: 'plain', username: 'ann', password } as const

      const resolved = resolveConnection({ brokers: 'a:1', sasl }).sasl

      expect(resolved).toMatchObject({ mechanism: 'plain', username: 'ann' })
      expect(resolved !== undefined && 'password' in resolved && (await resolved.password())).toBe(
        secret,
      )
    },
  )

  test('shows no secret when printed', () => {
    const resolved = resolveConnection({
      brokers: 'a:1',
      tls: { key: secret },
      sasl: { mechanism: 'scram-sha-256', username: 'ann', password: secret },
    })

    expect(inspect(resolved, { depth: 9, showHidden: true })).not.toContain(secret)
    expect(JSON.stringify(resolved)).not.toContain(secret)
    expect(resolved.tls?.()).toEqual({ key: secret })
  })

  test('shows no secret in a message', () => {
    const sasl = { mechanism: 'plain', username: '', password: secret } as const
    const options = { brokers: 'a:1', sasl, tls: { key: 5, cert: secret } }

    let message = ''
    try {
      resolveConnection(options as object as ConnectionOptions)
    } catch (error) {
      message = inspect(error, { depth: 9 })
    }

    expect(message).toContain('FLINKTS_OPTION_INVALID')
    expect(message).not.toContain(secret)
  })

  test('takes tls: true for the defaults of Node', () => {
    expect(resolveConnection({ brokers: 'a:1', tls: true }).tls?.()).toEqual({})
    expect(resolveConnection({ brokers: 'a:1', tls: false }).tls).toBeUndefined()
  })
})
