import { Buffer } from 'node:buffer'
import { type Prng, randomBelow } from '../../src/common/prng.ts'
import type { Key } from '../../src/state/key.ts'

/** One of `choices`. */
export function pick<T>(prng: Prng, choices: readonly T[]): T {
  return choices[randomBelow(prng, choices.length)] as T
}

const alphabets = ['ab', '\0st', 'xyzé', '日本€', '😀a', '\uD800\uDC00a', '0123456789']

/** A string, also of odd characters. */
export function randomString(prng: Prng): string {
  const alphabet = pick(prng, alphabets)
  const length = pick(prng, [0, 1, 3, 8, 31, 32, 63, 64, 65, 130])
  let text = ''
  while (text.length < length) text += alphabet[randomBelow(prng, alphabet.length)]
  return text
}

/** A number of any size. */
function randomNumber(prng: Prng): number {
  const sign = pick(prng, [1, -1])
  switch (randomBelow(prng, 4)) {
    case 0:
      return randomBelow(prng, 300) * sign || 0
    case 1:
      return pick(prng, [2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53 - 1, 2 ** 53, 1e300]) * sign
    case 2:
      return Math.floor(prng.next() * 2 ** randomBelow(prng, 54)) * sign || 0
    default:
      return prng.next() * sign
  }
}

/** A bigint of up to 160 bits. */
export function randomBigint(prng: Prng): bigint {
  const digits = Array.from({ length: randomBelow(prng, 40) }, () => randomBelow(prng, 16))
  const magnitude = BigInt(`0x0${digits.map((digit) => digit.toString(16)).join('')}`)
  return pick(prng, [magnitude, -magnitude])
}

/** A key without -0, which would be read back as 0. */
export function randomKey(prng: Prng, depth = 0): Key {
  switch (randomBelow(prng, depth < 3 ? 6 : 4)) {
    case 0:
      return randomNumber(prng)
    case 1:
      return randomBigint(prng)
    case 2:
      return prng.next() < 0.5
    case 3:
      return randomString(prng)
    default:
      return Array.from({ length: randomBelow(prng, 4) }, () => randomKey(prng, depth + 1))
  }
}

/** A value of every kind that the codec of values writes. */
export function randomValue(prng: Prng, depth = 0): unknown {
  const leaf = depth > 3 || prng.next() < 0.4
  return leaf ? randomLeaf(prng) : randomContainer(prng, depth + 1)
}

function randomLeaf(prng: Prng): unknown {
  switch (randomBelow(prng, 8)) {
    case 0:
      return pick(prng, [undefined, null, true, false, Number.NaN, -0, Number.NEGATIVE_INFINITY])
    case 1:
      return randomBigint(prng)
    case 2:
      return new Date(randomBelow(prng, 2 ** 41))
    case 3:
      return Uint8Array.from({ length: randomBelow(prng, 40) }, () => randomBelow(prng, 256))
    case 4:
      return Buffer.from(randomString(prng))
    case 5:
    case 6:
      return randomString(prng)
    default:
      return randomNumber(prng)
  }
}

function randomContainer(prng: Prng, depth: number): unknown {
  const values = Array.from({ length: randomBelow(prng, 5) }, () => randomValue(prng, depth))
  switch (randomBelow(prng, 5)) {
    case 0:
      return values
    case 1:
      return new Set(values)
    case 2:
      return new Map(values.map((value) => [randomValue(prng, depth), value]))
    case 3:
      return Object.assign(Object.create(null) as object, fieldsOf(prng, values))
    default:
      return fieldsOf(prng, values)
  }
}

function fieldsOf(prng: Prng, values: readonly unknown[]): Record<string, unknown> {
  const names = ['id', 'name', '7', 'a b', 'ümlaut', '', 'constructor', '\uDC00', 'toString']
  return Object.fromEntries(values.map((value) => [pick(prng, names), value]))
}
