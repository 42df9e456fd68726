/** A row as the verifier compares it: every column as one text. */
export interface OutputRow {
  readonly customerId: string
  readonly amount: string
  readonly status: string
  readonly note: string
  /** As the peer wrote it; `timestampText` makes it comparable. */
  readonly createdAt: string
  /** JSON, as text or parsed. */
  readonly payload: unknown
}

/** One line of a peer's output, whatever its format. */
export interface OutputEvent {
  readonly operation: 'read' | 'insert' | 'update' | 'delete'
  readonly id: number
  /** Undefined for deletes. */
  readonly row: OutputRow | undefined
}

const timestampForm =
  /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(?:Z|[+-]00(?::?00)?)?$/

/** `2024-01-01T00:00:01.000007`, UTC; a text that is no timestamp in UTC as it is. */
export function timestampText(text: string): string {
  const match = timestampForm.exec(text)
  if (match === null) return text
  const [, day = '', time = '', fraction = ''] = match
  return `${day}T${time}.${fraction.padEnd(6, '0')}`
}

/** JSON with the fields of objects in one order, numbers as JavaScript reads them. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const fields = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1))
  const texts = fields.map(([name, field]) => `${JSON.stringify(name)}:${canonicalJson(field)}`)
  return `{${texts.join(',')}}`
}
