import { describe, expect, test } from 'vitest'
import { SnapshotProgress } from '../../src/snapshot/snapshot-progress.ts'
import type { PlannedTable, SnapshotPhase } from '../../src/state/enumerator-state.ts'
import { streamSplit } from '../../src/state/enumerator-state.ts'
import type { ChunkFinished } from '../../src/state/source-events.ts'

describe('the progress of a snapshot', () => {
  test('hands out every chunk once, table by table', () => {
    const progress = new SnapshotProgress(stateOf([tableOf('a', 2), tableOf('b', 1)]))

    const chunks = [1, 2, 3, 4].map(() => progress.next())

    expect(chunks.map((chunk) => chunk && [chunk.table.table, chunk.index])).toEqual([
      ['a', 0],
      ['a', 1],
      ['b', 0],
      undefined,
    ])
    expect(progress.allAssigned).toBe(true)
  })

  test('knows of a chunk only once a checkpoint that has it completed', () => {
    const progress = new SnapshotProgress(stateOf([tableOf('a', 1)]))
    progress.next()
    const before = progress.snapshot(1)
    const finish = progress.finish(0, finished('a', 0))

    const storedByFirst = progress.stored(1)
    const after = progress.snapshot(2)
    const allStoredEarly = progress.allStored
    const storedBySecond = progress.stored(2)

    expect(finish).toBe('new')
    expect(before.tables[0]?.finished).toEqual([])
    expect(after.tables[0]?.finished).toEqual([{ index: 0, ranges: finished('a', 0).ranges }])
    expect([storedByFirst, allStoredEarly]).toEqual([[], false])
    expect(storedBySecond).toMatchObject([{ subtask: 0, splitId: 'snapshot:a:0' }])
    expect(progress.allStored).toBe(true)
  })

  test('counts a chunk of a failed checkpoint with a later one', () => {
    const progress = new SnapshotProgress(stateOf([tableOf('a', 1)]))
    progress.next()
    progress.finish(0, finished('a', 0))

    progress.snapshot(1)
    progress.snapshot(2)

    expect(progress.stored(2)).toHaveLength(1)
    expect(progress.stored(3)).toEqual([])
  })

  test('goes on from a checkpoint, which has what it has', () => {
    const first = new SnapshotProgress(stateOf([tableOf('a', 2)]))
    first.next()
    first.finish(0, finished('a', 0))

    const second = new SnapshotProgress(first.snapshot(1))

    expect(second.next()?.index).toBe(1)
    expect(second.finish(1, finished('a', 0))).toBe('stored')
    expect(second.allStored).toBe(false)
  })

  test('is complete from the start if nothing is to be read', () => {
    const progress = new SnapshotProgress({ ...stateOf([tableOf('a', 1)]), mode: 'stream-only' })

    expect([progress.next(), progress.allStored]).toEqual([undefined, true])
  })

  test('becomes a stream whose ranges cover the table in order', () => {
    const progress = new SnapshotProgress(stateOf([tableOf('a', 3)]))
    progress.finish(0, finished('a', 2, '30:30:'))
    progress.finish(1, finished('a', 0, '10:10:'))
    progress.finish(1, finished('a', 1, '10:10:'))

    const split = streamSplit(progress.state)

    expect(split.tables[0]?.ranges).toEqual([
      { end: ['2'], inclusive: false, snapshot: '10:10:' },
      { end: undefined, inclusive: false, snapshot: '30:30:' },
    ])
    expect(split).toMatchObject({ endLsn: '0/10', openLsn: undefined, systemId: '7' })
  })
})

function stateOf(tables: readonly PlannedTable[]): SnapshotPhase {
  return { phase: 'snapshot', mode: 'snapshot-and-stream', systemId: '7', lsn: '0/10', tables }
}

function tableOf(table: string, chunks: number): PlannedTable {
  const bounds = Array.from({ length: chunks - 1 }, (_, index) => [String(index + 1)])
  const key = [{ name: 'id', order: 'native' }] as const
  return { table, key, schema: '', bounds, next: 0, finished: [] }
}

function finished(table: string, index: number, snapshot: string = '5:5:'): ChunkFinished {
  const splitId = `snapshot:${table}:${index}`
  const ranges = [{ end: undefined, inclusive: false, snapshot }]
  return { type: 'chunk-finished', splitId, table, index, ranges }
}
