import { FlinktsError } from '../common/errors.ts'

/**
 * Reads a parsed JSON object strictly: every field is checked when it is read, and `end` refuses
 * what was not read. `where` names the object in messages, such as `manifest.operators[2]`.
 *
 * @throws FlinktsError FLINKTS_CHECKPOINT_CORRUPT from every method, if a field is not as expected.
 * @internal
 */
export class JsonFields {
  readonly #where: string
  readonly #unread: Map<string, unknown>

  constructor(value: unknown, where: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw malformed(where, 'is not an object')
    }
    this.#where = where
    this.#unread = new Map(Object.entries(value))
  }

  has(name: string): boolean {
    return this.#unread.has(name)
  }

  /** The field as it is. */
  unknown(name: string): unknown {
    if (!this.#unread.has(name)) throw malformed(`${this.#where}.${name}`, 'is missing')
    const value = this.#unread.get(name)
    this.#unread.delete(name)
    return value
  }

  string(name: string): string {
    const value = this.unknown(name)
    if (typeof value !== 'string') throw malformed(`${this.#where}.${name}`, 'is not a string')
    return value
  }

  boolean(name: string): boolean {
    const value = this.unknown(name)
    if (typeof value !== 'boolean') throw malformed(`${this.#where}.${name}`, 'is not a boolean')
    return value
  }

  /** A whole number from `min` (inclusive) to 2^53 - 1. */
  integer(name: string, min: number): number {
    const value = this.unknown(name)
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min) {
      throw malformed(`${this.#where}.${name}`, `is not a whole number from ${min}`)
    }
    return value
  }

  oneOf<const Value extends string>(name: string, values: readonly Value[]): Value {
    const text = this.string(name)
    const value = values.find((candidate) => candidate === text)
    if (value === undefined) {
      throw malformed(`${this.#where}.${name}`, `is not one of ${values.join(', ')}`)
    }
    return value
  }

  object(name: string): JsonFields {
    return new JsonFields(this.unknown(name), `${this.#where}.${name}`)
  }

  list<Item>(name: string, parse: (item: JsonFields) => Item): Item[] {
    const value = this.unknown(name)
    if (!Array.isArray(value)) throw malformed(`${this.#where}.${name}`, 'is not a list')
    return value.map((item: unknown, index) =>
      parse(new JsonFields(item, `${this.#where}.${name}[${index}]`)),
    )
  }

  /** Called last: nothing may be left unread. */
  end(): void {
    const [name] = this.#unread.keys()
    if (name !== undefined) throw malformed(`${this.#where}.${name}`, 'is not a known field')
  }
}

/**
 * Parses the bytes of a JSON document. `what` names the document in messages.
 *
 * @throws FlinktsError FLINKTS_CHECKPOINT_CORRUPT if they are not UTF-8 or not JSON.
 * @internal
 */
export function parseJson(bytes: Uint8Array, what: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new FlinktsError('FLINKTS_CHECKPOINT_CORRUPT', `${what} is not a JSON document`, {
      hint: 'The file was truncated or changed after it had been written.',
      cause,
    })
  }
}

function malformed(where: string, problem: string): FlinktsError {
  return new FlinktsError('FLINKTS_CHECKPOINT_CORRUPT', `'${where}' ${problem}`, {
    hint: 'The file was truncated or changed after it had been written.',
  })
}
