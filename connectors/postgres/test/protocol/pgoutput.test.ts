import { describe, expect, test } from 'vitest'
import type { Row } from '../../src/records/change.ts'
import { PgoutputDecoder } from '../../src/protocol/pgoutput.ts'
import type { DecodeOutcome } from '../../src/protocol/pgoutput.ts'
import { TypeCatalog } from '../../src/values/type-catalog.ts'
import { captured, moodOid } from './captured.ts'
import type { CapturedName } from './captured.ts'
import { RecordingHandler } from './recording-handler.ts'

const commitTime = '2026-11-22T21:33:50.362401Z'
const finalLsn = 0xa14ae60
const endLsn = 0xa14ae90
const transactionId = 0x2ee

async function typesWithMood(): Promise<TypeCatalog> {
  const types = new TypeCatalog()
  const mood = { oid: String(moodOid), name: 'public.mood', delimiter: ',' }
  await types.load({ query: () => Promise.resolve([mood]) }, [moodOid])
  return types
}

interface Setup {
  readonly handler: RecordingHandler
  readonly decoder: PgoutputDecoder
  decode(...names: readonly CapturedName[]): readonly DecodeOutcome[]
}

async function setup(keys: Readonly<Record<string, readonly string[]>> = {}): Promise<Setup> {
  const types = await typesWithMood()
  const decoder = new PgoutputDecoder({ types, keyColumnsOf: (table) => keys[table] })
  const handler = new RecordingHandler()
  const decode = (...names: readonly CapturedName[]): readonly DecodeOutcome[] =>
    names.map((name) => decoder.decode(inTheMiddle(captured(name)), handler))
  return { handler, decoder, decode }
}

/** Messages stand in larger buffers; what is around them must not matter. */
function inTheMiddle(message: Buffer): { bytes: Buffer; start: number; end: number } {
  const bytes = Buffer.concat([Buffer.alloc(3, 0xff), message, Buffer.alloc(3, 0xff)])
  return { bytes, start: 3, end: 3 + message.length }
}

describe('a transaction', () => {
  test('is handed out with its position, id, time and end', async () => {
    const { handler, decoder, decode } = await setup()

    decode('begin')
    expect(decoder.inTransaction).toBe(true)
    decode('origin', 'type', 'commit')

    expect(decoder.inTransaction).toBe(false)
    expect(handler.calls).toEqual([
      `begin ${finalLsn} ${transactionId} ${commitTime}`,
      `commit ${finalLsn} ${endLsn}`,
    ])
  })

  test('numbers its changes over all tables, and the next one begins at 0 again', async () => {
    const { handler, decode } = await setup()

    decode('begin', 'relationItems', 'insertItem', 'relationEvents', 'insertEvent')
    decode('truncate', 'commit', 'begin', 'deleteItem')

    expect(handler.calls.filter((call) => !/begin|commit/.test(call))).toEqual([
      'insert public.items 0',
      'insert public.events 1',
      'truncate public.items 2',
      'truncate public.events 3',
      'delete public.items 0',
    ])
  })

  test('shows in every change where it comes from', async () => {
    const { handler, decode } = await setup()

    decode('begin', 'relationItems', 'insertItem')

    expect(handler.changes[0]?.source).toEqual({
      table: 'public.items',
      lsn: '0/A14AE60',
      position: 0,
      transactionId,
      commitTime,
    })
  })
})

describe('changes', () => {
  test('an insert has its row and key', async () => {
    const { handler, decode } = await setup()

    decode('begin', 'relationItems', 'insertItem')

    expect(handler.changes[0]).toMatchObject({
      operation: 'insert',
      before: undefined,
      after: { id: 2, name: null, note: '' },
      key: { id: 2 },
      unchanged: undefined,
    })
  })

  test('an update names the large values that were not sent and leaves them out', async () => {
    const { handler, decode } = await setup()

    decode('begin', 'relationItems', 'updateUnchanged')

    expect(handler.changes[0]).toMatchObject({ operation: 'update', unchanged: ['note'] })
    expect(handler.changes[0]?.after).toEqual({ id: 1, name: 'eins' })
  })

  test('a change without such values does not inherit them from the one before', async () => {
    const { handler, decode } = await setup()

    decode('begin', 'relationItems', 'updateUnchanged', 'updateKey')

    expect(handler.changes[1]?.unchanged).toBeUndefined()
  })

  test('an update of the key has the old key before and the new key', async () => {
    const { handler, decode } = await setup()

    decode('begin', 'relationItems', 'updateKey')

    expect(handler.changes[0]).toMatchObject({
      operation: 'update',
      after: { id: 3, name: 'drei', note: '' },
      key: { id: 3 },
    })
    expect(handler.changes[0]?.before).toEqual({ id: 2 })
  })

  test('a delete has the columns of the replica identity before', async () => {
    const { handler, decode } = await setup()

    decode('begin', 'relationItems', 'deleteItem')

    expect(handler.changes[0]).toMatchObject({ operation: 'delete', after: undefined })
    expect(handler.changes[0]?.before).toEqual({ id: 3 })
    expect(handler.changes[0]?.key).toEqual({ id: 3 })
  })

  test('with replica identity full the whole old row is there, and no key', async () => {
    const { handler, decode } = await setup()

    decode('begin', 'relationEvents', 'updateEvent', 'deleteEvent')

    const old = { id: 9_007_199_254_740_993n, mood: 'ok' }
    const now = { id: 9_007_199_254_740_993n, mood: 'sad' }
    expect(handler.changes).toMatchObject([
      { operation: 'update', before: old, after: now, key: undefined },
      { operation: 'delete', before: now, after: undefined, key: undefined },
    ])
  })

  test('the key may be given by name', async () => {
    const { handler, decode } = await setup({ 'public.events': ['id'] })

    decode('begin', 'relationEvents', 'deleteEvent')

    expect(handler.changes[0]?.key).toEqual({ id: 9_007_199_254_740_993n })
  })

  test('a large value that was not sent comes from the old row if that has it', async () => {
    const { handler, decode, decoder } = await setup()
    decode('begin', 'relationEvents')
    const update = captured('updateEvent')
    // The last column of the new tuple, `t` with the length 3 and `sad`, becomes `u`.
    const unchanged = Buffer.concat([update.subarray(0, -8), Buffer.from('u')])

    decoder.decode(inTheMiddle(unchanged), handler)

    expect(handler.changes[0]).toMatchObject({ after: { mood: 'ok' }, unchanged: undefined })
  })

  test('all have the same fields in the same order', async () => {
    const { handler, decode } = await setup()

    decode('begin', 'relationItems', 'insertItem', 'updateKey', 'deleteItem')
    decode('relationEvents', 'truncate')

    const shapes = new Set(handler.changes.map((change) => Object.keys(change).join()))
    expect([...shapes]).toEqual(['operation,before,after,key,unchanged,source,schema'])
  })

  test('a column may have the name __proto__', async () => {
    const { handler, decode, decoder } = await setup()
    const relation = Buffer.from(
      captured('relationItems').toString('latin1').replace('name', '__proto__'),
      'latin1',
    )
    decode('begin')
    decoder.decode(inTheMiddle(relation), handler)

    decode('updateKey')

    const after = handler.changes[0]?.after as Row
    expect(Object.entries(after)).toEqual([
      ['id', 3],
      ['__proto__', 'drei'],
      ['note', ''],
    ])
    expect(Object.getPrototypeOf(after)).toBe(Object.prototype)
  })
})

describe('relations', () => {
  test('stay the same object when the server repeats a definition', async () => {
    const { handler, decode } = await setup()

    decode('begin', 'relationItems', 'insertItem', 'relationItems', 'insertItem')

    expect(handler.relations[1]).toBe(handler.relations[0])
    expect(handler.relations[0]).toEqual({
      oid: 0x4021,
      schema: 'public',
      name: 'items',
      table: 'public.items',
      replicaIdentity: 'default',
      columns: [
        { name: 'id', typeOid: 23, typeModifier: -1, key: true, identity: true },
        { name: 'name', typeOid: 25, typeModifier: -1, key: false, identity: false },
        { name: 'note', typeOid: 25, typeModifier: -1, key: false, identity: false },
      ],
    })
  })

  test('are new objects when the table has changed', async () => {
    const { handler, decode, decoder } = await setup()
    const renamed = Buffer.from(
      captured('relationItems').toString('latin1').replace('note', 'text'),
      'latin1',
    )

    decode('begin', 'relationItems', 'insertItem')
    decoder.decode(inTheMiddle(renamed), handler)
    decode('insertItem')

    expect(handler.relations[1]).not.toBe(handler.relations[0])
    expect(handler.changes[1]?.after).toEqual({ id: 2, name: null, text: '' })
  })

  test('wait for types that are not known', () => {
    const decoder = new PgoutputDecoder({ types: new TypeCatalog(), keyColumnsOf: () => undefined })

    const outcome = decoder.decode(inTheMiddle(captured('relationEvents')), new RecordingHandler())

    expect(outcome).toBe('types-missing')
    expect(decoder.missingTypes).toEqual([moodOid])
  })

  test('tell the table of an id', async () => {
    const { decode, decoder } = await setup()

    decode('relationItems')

    expect(decoder.tableOf(0x4021)).toBe('public.items')
    expect(decoder.tableOf(1)).toBeUndefined()
  })
})

describe('the handler', () => {
  test('stops the stream after a change', async () => {
    const { handler, decode } = await setup()
    handler.stopEvery = 2

    const outcomes = decode('begin', 'relationItems', 'insertItem', 'deleteItem', 'insertItem')

    expect(outcomes).toEqual(['continue', 'continue', 'continue', 'stop', 'continue'])
  })

  test('gets every table of a truncate, even if it wants to stop after the first', async () => {
    const { handler, decode } = await setup()
    handler.stopEvery = 1

    const outcomes = decode('begin', 'relationItems', 'relationEvents', 'truncate')

    expect(outcomes.at(-1)).toBe('stop')
    expect(handler.changes.map((change) => change.source.table)).toEqual([
      'public.items',
      'public.events',
    ])
  })

  test('gets logical messages', async () => {
    const { handler, decode } = await setup()

    decode('message')

    expect(handler.messages).toEqual([
      { transactional: true, lsn: 0xa14c208n, prefix: 'tag', content: Uint8Array.of(0x68, 0x69) },
    ])
  })
})

describe('bytes that the protocol does not allow', () => {
  test('are refused wherever a message is cut', async () => {
    for (const name of ['begin', 'commit', 'relationItems', 'updateKey', 'truncate'] as const) {
      const { decode, decoder, handler } = await setup()
      if (name !== 'begin') decode('begin', 'relationItems')
      const message = captured(name)
      for (let length = 1; length < message.length; length++) {
        const { bytes, start } = inTheMiddle(message)
        const cut = { bytes, start, end: start + length }
        expect(() => decoder.decode(cut, handler), `${name} ${length}`).toThrow(violation)
      }
    }
  })

  test.each<[string, readonly CapturedName[]]>([
    ['a change outside a transaction', ['relationItems', 'insertItem']],
    ['a commit outside a transaction', ['commit']],
    ['a transaction in another', ['begin', 'begin']],
    ['a change of an unknown relation', ['begin', 'insertItem']],
  ])('refuses %s', async (_what, names) => {
    const { decode } = await setup()

    expect(() => decode(...names)).toThrow(violation)
  })

  test.each<[string, CapturedName, (message: Buffer) => unknown]>([
    ['an unknown tag', 'insertItem', (message) => message.fill(0x7a, 0, 1)],
    ['another count of columns', 'insertItem', (message) => message.writeUInt16BE(2, 6)],
    ['an unknown kind of column', 'insertItem', (message) => message.fill('z', 8, 9)],
    ['an unknown kind of new tuple', 'insertItem', (message) => message.fill('z', 5, 6)],
    ['an unknown kind of old tuple', 'deleteItem', (message) => message.fill('z', 5, 6)],
    ['a length below zero', 'insertItem', (message) => message.writeInt32BE(-5, 9)],
    ['a commit of another transaction', 'commit', (message) => message.writeUInt8(9, 9)],
    ['an unknown replica identity', 'relationItems', (message) => message.fill('z', 18, 19)],
  ])('refuses %s', async (_what, name, spoil) => {
    const { decode, decoder, handler } = await setup()
    decode('begin', 'relationItems')
    const message = captured(name)
    spoil(message)

    expect(() => decoder.decode(inTheMiddle(message), handler)).toThrow(violation)
  })
})

const violation: unknown = expect.objectContaining({ code: 'FLINKTS_POSTGRES_PROTOCOL_VIOLATED' })
