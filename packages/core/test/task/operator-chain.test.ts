import { describe, expect, test } from 'vitest'
import type { PlanOperator } from '../../src/graph/execution-plan.ts'
import { Channel } from '../../src/network/channel.ts'
import type { Output } from '../../src/network/output.ts'
import { RecordWriter } from '../../src/network/record-writer.ts'
import type { Operator } from '../../src/operators/operator.ts'
import { OperatorChain, WriterOutputs } from '../../src/task/operator-chain.ts'
import { barrierOf } from '../operators/fixtures.ts'

/** Puts its name before every record, and writes down what happens to it. */
class NamingOperator implements Operator {
  readonly operatorId: string
  readonly #output: Output
  readonly #log: string[]

  constructor(operatorId: string, output: Output, log: string[]) {
    this.operatorId = operatorId
    this.#output = output
    this.#log = log
  }

  open(): Promise<void> {
    this.#log.push(`open ${this.operatorId}`)
    return Promise.resolve()
  }

  collect(value: unknown, timestamp: number): void {
    this.#output.collect(`${this.operatorId}${String(value)}`, timestamp)
  }

  emitWatermark(timestamp: number): void {
    this.#output.emitWatermark(timestamp)
  }

  emitIdle(idle: boolean): void {
    this.#output.emitIdle(idle)
  }

  abortSnapshot(checkpointId: number): void {
    this.#log.push(`abort ${this.operatorId} ${checkpointId}`)
  }

  close(): Promise<void> {
    this.#log.push(`close ${this.operatorId}`)
    if (this.operatorId === 'b') throw new Error('b does not close')
    return Promise.resolve()
  }
}

const operators: readonly PlanOperator[] = [
  { operatorId: 'a', type: 'map', chainedTo: [{ operatorId: 'b' }, { operatorId: 'c' }] },
  { operatorId: 'b', type: 'map', chainedTo: [] },
  { operatorId: 'c', type: 'map', chainedTo: [] },
]

function chainOf(): { chain: OperatorChain; ends: Record<'b' | 'c', Channel>; log: string[] } {
  const log: string[] = []
  const create = (): Channel => new Channel({ recordsMax: 100, runRecordsMax: 100 })
  const ends = { b: create(), c: create() }
  const chain = new OperatorChain({
    vertex: { vertexId: 'a', parallelism: 1, operators },
    create: (operatorId, outputs) => new NamingOperator(operatorId, outputs(undefined), log),
    outputs: new WriterOutputs([
      { operatorId: 'b', tag: undefined, writer: new RecordWriter([ends.b], () => 0) },
      { operatorId: 'c', tag: undefined, writer: new RecordWriter([ends.c], () => 0) },
    ]),
    combined: false,
  })
  return { chain, ends, log }
}

describe('a chain of operators', () => {
  test('hands records and watermarks down every branch', () => {
    const { chain, ends } = chainOf()

    chain.heads[0]?.collect('x', 5)
    chain.heads[0]?.emitWatermark(5)
    chain.heads[0]?.emitIdle(true)

    expect(ends.b.take()).toMatchObject({ values: ['bax'], timestamps: [5] })
    expect(ends.c.take()).toMatchObject({ values: ['cax'], timestamps: [5] })
    expect(ends.b.take()).toEqual({ type: 'watermark', timestamp: 5 })
    expect(ends.c.take()).toEqual({ type: 'watermark', timestamp: 5 })
    expect(ends.c.take()).toEqual({ type: 'idle', idle: true })
    expect(chain.recordsOut).toBe(2)
  })

  test('opens its ends first, so that an open operator can emit', async () => {
    const { chain, log } = chainOf()

    await chain.open()

    expect(log).toEqual(['open c', 'open b', 'open a'])
  })

  test('sends events to every output, and gives snapshots up in every operator', () => {
    const { chain, ends, log } = chainOf()

    chain.emitEvent(barrierOf(1))
    chain.abortSnapshot(1)

    expect([ends.b.take(), ends.c.take()]).toEqual([barrierOf(1), barrierOf(1)])
    expect(log).toEqual(['abort a 1', 'abort b 1', 'abort c 1'])
  })

  test('closes every operator, also after one that does not close in order', async () => {
    const { chain, log } = chainOf()

    await expect(chain.close()).rejects.toThrow('b does not close')

    expect(log).toEqual(['close a', 'close b', 'close c'])
  })
})
