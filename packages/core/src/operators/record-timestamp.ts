import { noTimestamp } from '../network/stream-element.ts'

/** The timestamp of the record that a function sees now. @internal */
export class RecordTimestamp {
  /** Always a number, so that it is written in place: one object less for each record. */
  timestampOrNone: number = noTimestamp

  /** Milliseconds since 1970; `undefined`: the record has none. */
  get timestamp(): number | undefined {
    return this.timestampOrNone === noTimestamp ? undefined : this.timestampOrNone
  }
}
