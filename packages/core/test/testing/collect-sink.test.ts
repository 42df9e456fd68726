import { describe, expect, test } from 'vitest'
import { collectSink } from '../../src/testing/collect-sink.ts'
import { contextOf } from '../operators/fixtures.ts'

describe('a sink in memory', () => {
  test('shows what was written when it is committed, and only once', async () => {
    const sink = collectSink<string>()
    const writer = await sink.createWriter(contextOf('out'), [])
    const committer = await sink.createCommitter?.(contextOf('out'))

    await writer.write('a', { timestamp: undefined })
    const [transaction] = (await writer.prepareCommit?.(1)) ?? []
    await writer.write('b', { timestamp: undefined })
    const prepared = [...sink.values]
    const first = transaction && (await committer?.commit(transaction))
    const second = transaction && (await committer?.commit(transaction))

    expect(prepared).toEqual([])
    expect(sink.values).toEqual(['a'])
    expect([first, second]).toEqual([{ status: 'committed' }, { status: 'already-committed' }])
  })

  test('prepares nothing if nothing was written', async () => {
    const writer = await collectSink<string>().createWriter(contextOf('out'), [])

    expect(await writer.prepareCommit?.(1)).toEqual([])
  })

  test('refuses a transaction that another sink prepared', async () => {
    const committer = await collectSink<string>().createCommitter?.(contextOf('out'))

    await expect(committer?.commit({ name: 'lineage/out/0/1/1' })).rejects.toMatchObject({
      code: 'FLINKTS_COMMIT_REJECTED',
      message: 'the sink in memory knows no transaction "lineage/out/0/1/1"',
    })
  })
})
