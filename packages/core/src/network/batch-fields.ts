import type { Buffer } from 'node:buffer'
import type { ByteReader } from '../state/byte-reader.ts'
import { ValueReader } from '../state/value-codec.ts'

/** The fields of the rows of a batch, taken one after the other as they were written. @internal */
export class BatchFields {
  readonly #values: ValueReader
  readonly #text = new BatchText()
  #numbers = new Float64Array(0)
  #numberIndex = 0

  /** `bytes` are read for values, wherever they are then. */
  constructor(bytes: ByteReader) {
    this.#values = new ValueReader(bytes)
  }

  restart(numbers: Float64Array<ArrayBuffer>, text: TextPlace): void {
    this.#numbers = numbers
    this.#numberIndex = 0
    this.#text.restart(text)
  }

  number(): number {
    const number = this.#numbers[this.#numberIndex] as number
    this.#numberIndex += 1
    return number
  }

  string(): string {
    return this.#text.next(this.number())
  }

  numbers(): number[] {
    const end = this.number() + this.#numberIndex
    const numbers: number[] = []
    for (let index = this.#numberIndex; index < end; index += 1) {
      numbers.push(this.#numbers[index] as number)
    }
    this.#numberIndex = end
    return numbers
  }

  value(): unknown {
    return this.#values.read()
  }
}

/** Where the text of a batch is. @internal */
export interface TextPlace {
  readonly batch: Buffer
  /** In bytes. */
  readonly start: number
  readonly unitCount: number
  /** Whether a code unit has two bytes. */
  readonly wide: boolean
}

/** The text of a batch, taken string by string. */
class BatchText {
  #batch: Buffer | undefined
  #start = 0
  #unitBytes = 1
  #text = ''
  #position = 0

  restart({ batch, start, unitCount, wide }: TextPlace): void {
    this.#batch = batch
    this.#start = start
    this.#unitBytes = wide ? 2 : 1
    this.#position = 0
    this.#text = this.#decode(0, unitCount)
  }

  /** V8 copies short parts of a string; longer ones would keep all of it alive. */
  next(length: number): string {
    const position = this.#position
    this.#position = position + length
    if (length <= copiedLengthMax) return this.#text.slice(position, position + length)
    return this.#decode(position, length)
  }

  #decode(position: number, length: number): string {
    const from = this.#start + position * this.#unitBytes
    const to = from + length * this.#unitBytes
    return this.#batch?.toString(this.#unitBytes === 1 ? 'latin1' : 'utf16le', from, to) ?? ''
  }
}

/** Slices up to this length are copies (V8: SlicedString::kMinLength is one more). */
const copiedLengthMax = 12
