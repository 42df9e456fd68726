import type { InputStatus, SourceOutput, SourceReader } from '../../src/connector/source-reader.ts'
import type { Source } from '../../src/connector/source.ts'
import type { SourceSplit } from '../../src/connector/source-split.ts'
import type { FlowControl } from '../../src/network/flow-control.ts'
import type { Output } from '../../src/network/output.ts'
import { SourceOperator } from '../../src/operators/source.ts'
import { contextOf } from '../operators/fixtures.ts'

/** A source operator whose reader emits the letters of a script, and logs what it is told. */
export class ScriptedSource implements SourceReader<unknown, SourceSplit> {
  readonly operator: SourceOperator
  readonly #log: string[]
  #letters = ''
  #status: InputStatus = 'nothing-available'
  /** Replaces the script. */
  poll: (() => InputStatus) | undefined

  constructor(output: Output, flow: FlowControl, log: string[]) {
    this.#log = log
    const source: Source<unknown> = {
      description: 'script',
      boundedness: 'bounded',
      replayable: true,
      mechanism: 'none',
      splitSerializer: {
        version: 1,
        serialize: ({ splitId }) => new TextEncoder().encode(splitId),
        deserialize: (_version, bytes) => ({ splitId: new TextDecoder().decode(bytes) }),
      },
      enumeratorStateSerializer: {
        version: 1,
        serialize: () => new Uint8Array(),
        deserialize: () => undefined,
      },
      createEnumerator: () => {
        throw new Error('no enumerator is needed')
      },
      createReader: () => this,
    }
    const context = {
      ...contextOf('source'),
      requestSplit: () => {},
      sendSourceEvent: () => {},
    }
    this.operator = new SourceOperator('source', {
      ...{ source, context, restored: [], output, flow },
      sideOutput: () => output,
      time: { watermarks: undefined, intervalMs: 200 },
      runOnTask: (action) => action(),
      reportWatermark: () => {},
    })
  }

  /** Emits each letter, and then answers with `status`. */
  script(letters: string, status: InputStatus): void {
    this.#letters += letters
    this.#status = status
  }

  start(): void {
    this.#log.push('reader starts')
  }

  pollNext(output: SourceOutput<unknown>): InputStatus {
    if (this.poll !== undefined) return this.poll()
    while (this.#letters !== '') {
      const letter = this.#letters.charAt(0)
      this.#letters = this.#letters.slice(1)
      if (!output.forSplit('split').collect(letter)) return 'more-available'
    }
    return this.#status
  }

  /** Never: tests wake the task themselves. */
  available(): Promise<void> {
    return new Promise(() => {})
  }

  addSplits(splits: readonly SourceSplit[]): void {
    this.#log.push(`reader gets ${splits.map(({ splitId }) => splitId).join(',')}`)
  }

  notifyNoMoreSplits(): void {
    this.#log.push('reader gets no more')
  }

  handleSourceEvent({ type }: { readonly type: string }): void {
    this.#log.push(`reader hears ${type}`)
  }

  snapshotState(): readonly SourceSplit[] {
    this.#log.push('reader snapshot')
    return []
  }

  close(): Promise<void> {
    this.#log.push('reader closes')
    return Promise.resolve()
  }
}
