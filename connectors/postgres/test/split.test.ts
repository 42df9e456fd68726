import { describe, expect, test } from 'vitest'
import type { SnapshotSplit, StreamSplit } from '../src/split.ts'
import { splitSerializer } from '../src/split.ts'
import type { EnumeratorState } from '../src/state/enumerator-state.ts'
import { enumeratorStateSerializer } from '../src/state/enumerator-state.ts'

const snapshot: SnapshotSplit = {
  type: 'snapshot',
  splitId: 'snapshot:public.t:1',
  table: 'public.t',
  index: 1,
  key: [{ name: 'id', order: 'native' }],
  lower: ['10'],
  upper: undefined,
  lsn: '0/15D68C50',
  ranges: [{ end: ['17'], inclusive: true, snapshot: '740:742:740' }],
  finished: false,
}

const stream: StreamSplit = {
  type: 'stream',
  splitId: 'stream',
  systemId: '7438910000000000001',
  endLsn: '0/15D68C50',
  openLsn: '0/15D69000',
  openIndex: 3,
  joinLsn: undefined,
  tables: [{ table: 'public.t', key: snapshot.key, schema: '[["id",23,-1,true]]', ranges: [] }],
}

const state: EnumeratorState = {
  phase: 'snapshot',
  mode: 'snapshot-and-stream',
  systemId: '7438910000000000001',
  lsn: '0/15D68C50',
  tables: [
    {
      table: 'public.t',
      key: snapshot.key,
      schema: '[["id",23,-1,true]]',
      bounds: [['10']],
      next: 1,
      finished: [{ index: 0, ranges: snapshot.ranges }],
    },
  ],
}

/** Bytes of version 1: they are in checkpoints and must be read for ever. */
const golden = {
  snapshot:
    '{"type":"snapshot","splitId":"snapshot:public.t:1","table":"public.t","index":1,' +
    '"key":[{"name":"id","order":"native"}],"lower":["10"],"lsn":"0/15D68C50",' +
    '"ranges":[{"end":["17"],"inclusive":true,"snapshot":"740:742:740"}],"finished":false}',
  stream:
    '{"type":"stream","splitId":"stream","systemId":"7438910000000000001","endLsn":"0/15D68C50",' +
    '"openLsn":"0/15D69000","openIndex":3,"tables":[{"table":"public.t",' +
    '"key":[{"name":"id","order":"native"}],"schema":"[[\\"id\\",23,-1,true]]","ranges":[]}]}',
  state:
    '{"phase":"snapshot","mode":"snapshot-and-stream","systemId":"7438910000000000001",' +
    '"lsn":"0/15D68C50",' +
    '"tables":[{"table":"public.t","key":[{"name":"id","order":"native"}],' +
    '"schema":"[[\\"id\\",23,-1,true]]","bounds":[["10"]],"next":1,"finished":[{"index":0,' +
    '"ranges":[{"end":["17"],"inclusive":true,"snapshot":"740:742:740"}]}]}]}',
}

describe('version 1', () => {
  test.for([
    ['snapshot', snapshot],
    ['stream', stream],
  ] as const)('of a %s split is these bytes, both ways', ([name, split]) => {
    const bytes = splitSerializer.serialize(split)

    expect(Buffer.from(bytes).toString()).toBe(golden[name])
    expect(splitSerializer.deserialize(1, bytes)).toEqual(split)
  })

  test('of the enumerator is these bytes, both ways', () => {
    const bytes = enumeratorStateSerializer.serialize(state)

    expect(Buffer.from(bytes).toString()).toBe(golden.state)
    expect(enumeratorStateSerializer.deserialize(1, bytes)).toEqual(state)
  })
})

test.for([
  [2, golden.stream],
  [1, '{"type":'],
  [1, '{"type":"other","splitId":"x"}'],
  [1, 'null'],
] as const)('version %i of %s is refused', ([version, text]) => {
  expect(() => splitSerializer.deserialize(version, Buffer.from(text))).toThrow(
    expect.objectContaining({ code: 'FLINKTS_STATE_UNREADABLE' }),
  )
})
