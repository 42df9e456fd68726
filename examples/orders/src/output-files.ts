/** Reads what the job wrote, as any other program would: JSON lines, and nothing of flinkts. */
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'

/** A JSON value whose numbers are their digits: nothing is rounded on the way. */
export type Json = null | boolean | string | Digits | readonly Json[] | JsonObject
export interface JsonObject {
  readonly [name: string]: Json
}

/** A number, as it was written. */
export class Digits {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** The visible files, in the order of their names; none if there is no such directory yet. */
export async function listFiles(directory: string): Promise<readonly string[]> {
  const names = existsSync(directory) ? await readdir(directory) : []
  const visible = names.filter((name) => name.endsWith('.jsonl') && !name.startsWith('.'))
  return visible.toSorted().map((name) => path.join(directory, name))
}

/**
 * The records of a file.
 *
 * @throws Error if a line is not complete, or no JSON object
 */
export async function readRecords(file: string): Promise<readonly JsonObject[]> {
  return parseRecords(await readFile(file, 'utf8'), path.basename(file))
}

/** @throws Error as `readRecords` */
export function parseRecords(text: string, name: string): readonly JsonObject[] {
  const lines = text.split('\n')
  if (lines.pop() !== '') throw new Error(`${name} does not end with a whole line`)
  return lines.map((line, index) => parseRecord(line, `line ${index + 1} of ${name}`))
}

/** The fields of an object; anything else has none. */
export function fieldsOf(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {}
}

/** A value as text, the form in which `readTables` gives the same value; SQL's null is null. */
export function textOf(value: Json | undefined): string | null {
  if (value === undefined || value === null) return null
  if (typeof value === 'string') return value
  return value instanceof Digits ? value.text : JSON.stringify(value, plainDigits)
}

function parseRecord(line: string, where: string): JsonObject {
  let value: Json
  try {
    value = JSON.parse(line, exactDigits) as Json
  } catch (cause) {
    throw new Error(`${where} is not JSON: ${line.slice(0, 100)}`, { cause })
  }
  if (isObject(value)) return value
  throw new Error(`${where} is not a JSON object: ${line.slice(0, 100)}`)
}

function isObject(value: Json | undefined): value is JsonObject {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Digits)
  )
}

// The third argument is ECMAScript's "JSON.parse source text access"; the types lack it so far.
function exactDigits(
  _name: string,
  value: unknown,
  context?: { readonly source?: string },
): unknown {
  return typeof value === 'number' ? new Digits(context?.source ?? String(value)) : value
}

function plainDigits(_name: string, value: unknown): unknown {
  return value instanceof Digits ? Number(value.text) : value
}
