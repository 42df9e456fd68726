import { deserialize, serialize } from 'node:v8'

/** Records as JSON; their values, of which JSON has not all, as the bytes of V8. */
export function storedText(records: unknown): string {
  return JSON.stringify(records, (name, value: unknown) =>
    name === 'values' ? serialize(value).toString('base64') : value,
  )
}

export function fromStoredText(text: string): unknown {
  return JSON.parse(text, (name, value: unknown) => (name === 'values' ? fromV8(value) : value))
}

function fromV8(text: unknown): unknown {
  return deserialize(Buffer.from(String(text), 'base64'))
}
