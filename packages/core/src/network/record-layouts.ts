import { type FieldKind, fieldKinds } from './record-batch.ts'

/** How the records of one shape are written. @internal */
export interface RecordLayout {
  /** From 1, in the order of their definition. */
  readonly number: number
  readonly names: readonly string[]
  readonly kinds: readonly FieldKind[]
  /** Whether the reader knows it. */
  defined: boolean
  /** How many records were written by it. */
  rows: number
  /** How many had its names, but a value of another kind. */
  misfits: number
}

/** The fields of an object. @internal */
export type Fields = Readonly<Record<string, unknown>>

/** Fields of a layout at most. @internal */
export const layoutFieldsMax = 64
/** Elements of an array that is a field of numbers, at most. @internal */
export const arrayLengthMax = 128
/** Shapes of a channel at most that have layouts: who uses fields as a map has no shape. */
const shapesMax = 16
/** Layouts of a channel at most. */
const layoutsMax = 255
/** A layout that fits fewer than all but one of so many records is changed. */
const rowsPerMisfit = 16
/** As if so many records had been written by every layout before. */
const rowsBefore = 64

/** The layouts of the records of a channel, as the writer learns them. @internal */
export class RecordLayouts {
  /** Of every shape the newest. */
  readonly #layouts: RecordLayout[] = []
  #count = 0

  /** One for each shape. */
  get all(): readonly RecordLayout[] {
    return this.#layouts
  }

  /** A new layout for `record`, a plain object that fits none; `undefined`: it gets none. */
  learn(record: Fields): RecordLayout | undefined {
    const names = Object.keys(record)
    const index = this.#layouts.findIndex((layout) => sameNames(layout.names, names))
    const known = this.#layouts[index]
    if (known === undefined) return this.#learnShape(record, names)
    known.misfits += 1
    if (known.misfits * rowsPerMisfit < known.rows + rowsBefore) return undefined
    const kinds = names.map((name, field) => {
      const kind = known.kinds[field] ?? fieldKinds.value
      return kind === kindOf(record[name]) ? kind : fieldKinds.value
    })
    const changed = this.#create(names, kinds)
    if (changed !== undefined) this.#layouts[index] = changed
    return changed
  }

  #learnShape(record: Fields, names: readonly string[]): RecordLayout | undefined {
    // To assign a field of that name would set the prototype.
    if (names.length > layoutFieldsMax || names.includes('__proto__')) return undefined
    if (this.#layouts.length === shapesMax) return undefined
    const kinds = names.map((name) => kindOf(record[name]))
    const learnt = this.#create(names, kinds)
    if (learnt !== undefined) this.#layouts.push(learnt)
    return learnt
  }

  #create(names: readonly string[], kinds: readonly FieldKind[]): RecordLayout | undefined {
    if (this.#count === layoutsMax) return undefined
    this.#count += 1
    return { number: this.#count, names, kinds, defined: false, rows: 0, misfits: 0 }
  }
}

function kindOf(value: unknown): FieldKind {
  if (typeof value === 'number') return fieldKinds.number
  if (typeof value === 'string') return fieldKinds.string
  return isNumbers(value) ? fieldKinds.numbers : fieldKinds.value
}

/** Whether it is an array of numbers alone, and not a long one. @internal */
export function isNumbers(value: unknown): value is readonly number[] {
  if (!Array.isArray(value) || value.length > arrayLengthMax) return false
  if (Object.getPrototypeOf(value) !== Array.prototype) return false
  const elements = value as readonly unknown[]
  for (let index = 0; index < elements.length; index += 1) {
    if (typeof elements[index] !== 'number') return false
  }
  return true
}

function sameNames(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((name, index) => name === right[index])
}
