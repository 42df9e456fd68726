import { expect, test } from 'vitest'
import type { PostgresClient } from '../src/client.ts'
import { examine } from '../src/preflight.ts'

test('a server that is too old is told, and asked nothing', async () => {
  const client: PostgresClient = {
    serverVersion: 120_022,
    processId: 1,
    query: () => Promise.reject(new Error('asked')),
    execute: () => Promise.reject(new Error('asked')),
    copyIn: () => Promise.reject(new Error('asked')),
    copyRows: () => {
      throw new Error('asked')
    },
    close: () => Promise.resolve(),
  }
  const target = {
    tables: ['public.t'],
    slot: 's',
    publication: 's',
    managePublication: true,
    streamed: true,
  }

  const { problems } = await examine(client, target)

  expect(problems).toMatchObject([
    {
      errorCode: 'FLINKTS_POSTGRES_SERVER_UNSUPPORTED',
      message: 'the server is PostgreSQL 12',
    },
  ])
})
