import { kafkaUsers, type KafkaServer, startKafka, uniqueName } from '@flinkts/test-services'
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SaslOptions } from '../../src/connection/connection-options.ts'
import { openCluster } from '../support/cluster-fixture.ts'

const mechanisms = ['plain', 'scram-sha-256', 'scram-sha-512'] as const

async function failureOf(action: () => Promise<unknown>): Promise<unknown> {
  return action().then(
    () => undefined,
    (error: unknown) => error,
  )
}

describe('a cluster with logins and ACLs', () => {
  let kafka: KafkaServer

  beforeAll(async () => {
    kafka = await startKafka({ security: 'sasl', acls: true })
  })

  afterAll(async () => {
    await kafka?.stop()
  })

  const open = (sasl: SaslOptions | undefined) =>
    openCluster({
      brokers: kafka.bootstrap,
      sasl,
      connectTimeoutMs: 5_000,
      requestTimeoutMs: 5_000,
    })

  test.each(mechanisms)('takes the right password by %s', async (mechanism) => {
    await using cluster = open({ mechanism, ...kafkaUsers.admin })

    await cluster.metadata.refresh([])

    expect(cluster.metadata.brokers.size).toBe(1)
  })

  test.each(mechanisms)(
    'refuses a wrong password by %s, and shows it nowhere',
    async (mechanism) => {
      const password = 'not the password'
      await using cluster = open({ mechanism, username: 'admin', password: async () => password })

      const failure = await failureOf(() => cluster.metadata.refresh([]))

      expect(failure).toMatchObject({
        code: 'FLINKTS_KAFKA_AUTHENTICATION_FAILED',
        message: expect.stringContaining(kafka.bootstrap[0] ?? '') as string,
      })
      expect(inspect(failure, { depth: 20, showHidden: true })).not.toContain(password)
    },
  )

  test('refuses a mechanism that the broker does not know', async () => {
    await using cluster = open({ mechanism: 'oauthbearer', token: () => 'token' })

    expect(await failureOf(() => cluster.metadata.refresh([]))).toMatchObject({
      code: 'FLINKTS_KAFKA_AUTHENTICATION_FAILED',
      hint: expect.stringContaining('sasl.enabled.mechanisms') as string,
    })
  })

  test('says why a password could not be had', async () => {
    const password = (): string => {
      throw new Error('the vault is closed')
    }
    await using cluster = open({ mechanism: 'plain', username: 'admin', password })

    expect(await failureOf(() => cluster.metadata.refresh([]))).toMatchObject({
      code: 'FLINKTS_KAFKA_AUTHENTICATION_FAILED',
      message: expect.stringContaining('the vault is closed') as string,
    })
  })

  test('closes on a client without a login, with a hint at it', async () => {
    await using cluster = open(undefined)

    expect(await failureOf(() => cluster.metadata.refresh([]))).toMatchObject({
      code: 'FLINKTS_KAFKA_UNREACHABLE',
      cause: { errors: [{ hint: expect.stringContaining('"sasl"') as string }] },
    })
  })

  test('names operation and resource of what a user must not do', async () => {
    await using cluster = open({ mechanism: 'plain', ...kafkaUsers.guest })
    const transactionalId = uniqueName('tid')
    const groupId = uniqueName('group')

    const init = cluster.transactions.initProducerId(transactionalId, {
      transactionTimeoutMs: 60_000,
    })
    const commit = cluster.groups.committed(groupId, { partitions: [], requireStable: true })

    expect(await failureOf(() => init)).toMatchObject({
      code: 'FLINKTS_KAFKA_PERMISSION_DENIED',
      message: expect.stringContaining(`the transactional id "${transactionalId}"`) as string,
    })
    expect(await failureOf(() => commit)).toMatchObject({
      code: 'FLINKTS_KAFKA_PERMISSION_DENIED',
      message: expect.stringContaining(`the group "${groupId}"`) as string,
    })
  })

  test('is not taken for one with TLS', async () => {
    await using cluster = openCluster({ brokers: kafka.bootstrap, tls: true })

    expect(await failureOf(() => cluster.metadata.refresh([]))).toMatchObject({
      code: 'FLINKTS_KAFKA_UNREACHABLE',
      message: expect.stringMatching(/before (TLS|secure TLS)/) as string,
    })
  })
})

describe('a cluster with TLS', () => {
  let kafka: KafkaServer

  beforeAll(async () => {
    kafka = await startKafka({ version: '3.9', security: 'tls' })
  })

  afterAll(async () => {
    await kafka?.stop()
  })

  test('is trusted by its authority', async () => {
    await using cluster = openCluster({ brokers: kafka.bootstrap, tls: { ca: kafka.ca } })

    await cluster.metadata.refresh([])

    expect(cluster.metadata.brokers.size).toBe(1)
  })

  test('is not trusted without its authority, or by another name', async () => {
    const { bootstrap: brokers, ca } = kafka
    await using stranger = openCluster({ brokers, tls: true })
    await using misnamed = openCluster({ brokers, tls: { ca, servername: 'other.example' } })

    for (const cluster of [stranger, misnamed]) {
      expect(await failureOf(() => cluster.metadata.refresh([]))).toMatchObject({
        code: 'FLINKTS_KAFKA_TLS_FAILED',
      })
    }
  })

  test('gives up a client that speaks without it', async () => {
    await using cluster = openCluster({ brokers: kafka.bootstrap, connectTimeoutMs: 2_000 })

    expect(await failureOf(() => cluster.metadata.refresh([]))).toMatchObject({
      code: expect.stringMatching(/UNREACHABLE|PROTOCOL_VIOLATED/) as string,
    })
  })
})
