import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { resolveConnection } from '../../src/connection/connection-options.ts'
import type { ConnectionOptions } from '../../src/connection/connection-options.ts'

describe('resolveConnection', () => {
  test('fills in the defaults', async () => {
    const connection = resolveConnection({ user: 'cdc' })

    expect(connection).toMatchObject({
      host: 'localhost',
      port: 5432,
      database: 'cdc',
      user: 'cdc',
      ssl: false,
      connectTimeoutMs: 10_000,
    })
    expect(await connection.password()).toBeUndefined()
  })

  test('reads all parts of a URL', async () => {
    const url = 'postgresql://us%40er:p%3Aw@db.example:6543/my%20shop?sslmode=verify-full'

    const connection = resolveConnection({ url })

    expect(connection).toMatchObject({
      host: 'db.example',
      port: 6543,
      database: 'my shop',
      user: 'us@er',
      ssl: {},
    })
    expect(await connection.password()).toBe('p:w')
  })

  test('reads an IPv6 address of a URL without its brackets', () => {
    expect(resolveConnection({ url: 'postgres://u@[::1]:5433/d' }).host).toBe('::1')
  })

  test('prefers fields to the URL', async () => {
    const url = 'postgres://user:old@first:1/one?sslmode=require'
    const fields = { host: 'second', port: 2, database: 'two', password: 'new', ssl: false }

    const connection = resolveConnection({ url, ...fields })

    expect(connection).toMatchObject({ host: 'second', port: 2, database: 'two', ssl: false })
    expect(await connection.password()).toBe('new')
  })

  test('takes an undefined field as absent', () => {
    const connection = resolveConnection({ url: 'postgres://u@h:7/d', port: undefined })

    expect(connection.port).toBe(7)
  })

  test('encrypts without checking the certificate with sslmode=require', () => {
    const connection = resolveConnection({ url: 'postgres://u@h/d?sslmode=require' })

    expect(connection.ssl).toEqual({ rejectUnauthorized: false })
  })

  test('asks a password function every time', async () => {
    let count = 0
    const connection = resolveConnection({ user: 'u', password: () => `token ${++count}` })

    expect([await connection.password(), await connection.password()]).toEqual([
      'token 1',
      'token 2',
    ])
  })

  test('shows no password when it is printed', () => {
    const connection = resolveConnection({ url: 'postgres://u:hunter2@h/d' })

    expect(inspect(connection, { depth: 9 }) + JSON.stringify(connection)).not.toContain('hunter2')
  })

  test.each<[string, ConnectionOptions]>([
    ['no user', {}],
    ['an unknown scheme', { url: 'mysql://u:hunter2@h/d' }],
    ['no URL at all', { url: 'u:hunter2@h' }],
    ['a broken escape', { url: 'postgres://u:hunter2%@h/d' }],
    ['an unknown parameter', { url: 'postgres://u:hunter2@h/d?pool=1' }],
    ['an unknown sslmode', { url: 'postgres://u:hunter2@h/d?sslmode=prefer' }],
    ['a port out of range', { user: 'u', password: 'hunter2', port: 65_536 }],
    ['an unknown field', { user: 'u', password: 'hunter2', ...{ passwd: 'hunter2' } }],
  ])('refuses %s, without telling the password', (_what, options) => {
    const error = thrownBy(() => resolveConnection(options))

    expect(error).toMatchObject({ code: 'FLINKTS_OPTION_INVALID' })
    expect(inspect(error)).not.toContain('hunter2')
  })
})

function thrownBy(action: () => unknown): unknown {
  try {
    action()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}
