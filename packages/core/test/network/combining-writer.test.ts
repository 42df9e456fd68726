import { expect, test } from 'vitest'
import { CombiningWriter } from '../../src/network/combining-writer.ts'
import type {
  CombinedBatch,
  CombinedOutput,
  RecordCombiner,
} from '../../src/network/record-combiner.ts'
import type { StreamEvent } from '../../src/network/stream-element.ts'

/** Holds back everything, by what it is, for a timestamp of 0. */
class HoldingAll implements RecordCombiner {
  readonly #output: CombinedOutput
  readonly #counts = new Map<string, number>()

  constructor(output: CombinedOutput) {
    this.#output = output
  }

  add(value: unknown): void {
    const key = String(value)
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1)
  }

  advanceTo(watermark: number): void {
    if (watermark >= 10) this.flush()
  }

  flush(): void {
    for (const [key, count] of this.#counts) this.#output.send({ key, contents: '', count }, 0)
    this.#counts.clear()
  }
}

/** With two channels, of which the second gets what begins with `b`. */
function writing(): { readonly writer: CombiningWriter; readonly sent: readonly string[][] } {
  const sent: string[][] = [[], []]
  const channels = sent.map((elements) => ({
    onFull: () => {},
    push(value: unknown) {
      const { keys, counts } = value as CombinedBatch
      elements.push(keys.map((key, index) => `${counts[index]} ${String(key)}`).join())
    },
    pushEvent: ({ type }: StreamEvent) => void elements.push(type),
  }))
  const select = (key: unknown): number => (String(key).startsWith('b') ? 1 : 0)
  return { writer: new CombiningWriter(channels, select, (to) => new HoldingAll(to)), sent }
}

test.each<[string, (writer: CombiningWriter) => void]>([
  ['barrier', (writer) => writer.emitEvent({ type: 'barrier', checkpointId: 1, kind: 'periodic' })],
  ['end-of-data', (writer) => writer.emitEvent({ type: 'end-of-data' })],
  ['watermark', (writer) => writer.emitWatermark(10)],
  ['idle', (writer) => writer.emitIdle(true)],
])('what is held back goes before a %s that must not overtake it', (type, emit) => {
  const { writer, sent } = writing()
  for (const value of ['a', 'b', 'a', 'ab', 'b']) writer.collect(value, 1)
  emit(writer)

  expect(sent).toEqual([
    ['2 a,1 ab', type],
    ['2 b', type],
  ])
  expect(writer.recordCount).toBe(5)
})

test('what may wait waits', () => {
  const { writer, sent } = writing()
  writer.collect('a', 1)
  writer.emitWatermark(9)
  writer.emitIdle(false)

  expect(sent[0]).toEqual(['watermark', 'idle'])
})

test('what was sent waits for more, but not behind a watermark', () => {
  const { writer, sent } = writing()
  writer.send({ key: 'a', contents: '', count: 1 }, 0)
  writer.send({ key: 'ab', contents: '', count: 2 }, 0)
  const before = sent[0]?.slice()
  writer.emitWatermark(1)
  writer.send({ key: 'a', contents: '', count: 3 }, 0)
  writer.send({ key: 'a', contents: '', count: 4 }, 5)
  writer.release()

  expect(before).toEqual([])
  expect(sent).toEqual([['1 a,2 ab', 'watermark', '3 a', '4 a'], ['watermark']])
})

test('a batch is sent when it is full', () => {
  const { writer, sent } = writing()
  for (let key = 0; key < 300; key += 1) {
    writer.send({ key: `a${key}`, contents: '', count: 1 }, 0)
  }

  expect(sent[0]?.map((batch) => batch.split(',').length)).toEqual([128, 128])
})
