/**
 * Dates and timestamps of Postgres (`datestyle = ISO`, `TimeZone = UTC`) as ISO 8601, with all
 * their microseconds. Postgres writes `2024-05-06 07:08:09.12+00`, `0044-03-15 BC`, `12024-05-06`,
 * `infinity`.
 */
import { FlinktsError } from '@flinkts/core/connector'

const dateLength = 10
/** `2024-05-06 07:08:09` */
const secondsLength = 19
/** `2024-05-06T07:08:09.123456Z` */
const timestampLength = 26
const dot = 0x2e
const hyphen = 0x2d
const zero = 0x30
const colon = 0x3a
const plus = 0x2b
const space = 0x20
const letterT = 0x54
const letterZ = 0x5a

/** Where timestamps are put together; used within one call only. */
const scratch = Buffer.alloc(timestampLength + 1)

/** @internal */
export function decodeDate(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString('latin1', start, end)
  if (text.length === dateLength) return text
  return rareDate(text)
}

/** Timestamp without time zone. @internal */
export function decodeTimestamp(bytes: Buffer, start: number, end: number): string {
  const fractionEnd = commonForm(bytes, start, end)
  if (fractionEnd !== end) return rareTimestamp(bytes.toString('latin1', start, end), '')
  fillScratch(bytes, start, fractionEnd)
  return scratch.toString('latin1', 0, timestampLength)
}

/** Timestamp with time zone, which the session settings make UTC. @internal */
export function decodeTimestampTz(bytes: Buffer, start: number, end: number): string {
  const fractionEnd = commonForm(bytes, start, end)
  if (fractionEnd !== end - 3 || !utcAt(bytes, fractionEnd)) {
    return rareTimestamp(bytes.toString('latin1', start, end), 'Z')
  }
  fillScratch(bytes, start, fractionEnd)
  scratch[timestampLength] = letterZ
  return scratch.toString('latin1')
}

/** The end of the fraction if the text begins like `2024-05-06 07:08:09.12`, else -1. */
function commonForm(bytes: Buffer, start: number, end: number): number {
  const secondsEnd = start + secondsLength
  if (secondsEnd > end || bytes[start + 4] !== hyphen || bytes[start + 10] !== space) return -1
  if (bytes[start + 13] !== colon || secondsEnd === end) return secondsEnd === end ? end : -1
  if (bytes[secondsEnd] !== dot) return secondsEnd
  let index = secondsEnd + 1
  while (index < end && isDigit(bytes[index])) index++
  return index
}

function fillScratch(bytes: Buffer, start: number, fractionEnd: number): void {
  const length = fractionEnd - start
  for (let index = 0; index < length; index++) scratch[index] = bytes[start + index] ?? zero
  scratch[dateLength] = letterT
  scratch[secondsLength] = dot
  for (let index = Math.max(length, secondsLength + 1); index < timestampLength; index++) {
    scratch[index] = zero
  }
}

function utcAt(bytes: Buffer, index: number): boolean {
  return bytes[index] === plus && bytes[index + 1] === zero && bytes[index + 2] === zero
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= zero && byte < colon
}

const dateForm = /^(\d{4,7})-(\d\d-\d\d)( BC)?$/

function rareDate(text: string): string {
  if (text.endsWith('infinity')) return text
  const match = dateForm.exec(text)
  if (match === null) throw unknownForm('date', text)
  const [, year = '', rest = '', era] = match
  return `${isoYear(year, era !== undefined)}-${rest}`
}

const timestampForm = /^(\d{4,6})-(\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(\+00)?( BC)?$/

function rareTimestamp(text: string, suffix: '' | 'Z'): string {
  if (text.endsWith('infinity')) return text
  const match = timestampForm.exec(text)
  if (match === null) throw unknownForm('timestamp', text)
  const [, year = '', day = '', time = '', fraction = '', zone, era] = match
  if ((zone === undefined) !== (suffix === '')) throw unknownForm('timestamp', text)
  const date = `${isoYear(year, era !== undefined)}-${day}`
  return `${date}T${time}.${fraction.padEnd(6, '0')}${suffix}`
}

/** ISO 8601 has a year 0, which is 1 BC; years of more than four digits carry a sign. */
function isoYear(text: string, beforeChrist: boolean): string {
  const year = beforeChrist ? 1 - Number(text) : Number(text)
  if (year >= 0 && year <= 9999) return String(year).padStart(4, '0')
  return `${year < 0 ? '-' : '+'}${String(Math.abs(year)).padStart(6, '0')}`
}

function unknownForm(type: string, text: string): FlinktsError {
  const message = `"${text}" is not a ${type} in the form that the session settings ask for`
  return new FlinktsError('FLINKTS_POSTGRES_PROTOCOL_VIOLATED', message, {
    hint:
      'Something between flinkts and Postgres, such as a connection pooler, changes the session ' +
      'settings DateStyle and TimeZone. Connect to Postgres directly.',
  })
}
