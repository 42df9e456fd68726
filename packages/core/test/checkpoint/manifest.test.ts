import { describe, expect, test } from 'vitest'
import {
  type CheckpointManifest,
  decodeManifest,
  encodeManifest,
} from '../../src/checkpoint/manifest.ts'
import { crc32c } from '../../src/common/crc32c.ts'
import { FlinktsError } from '../../src/common/errors.ts'
import { randomBelow, SeededPrng } from '../../src/common/prng.ts'
import type { OperatorStateList, StateItem } from '../../src/state/operator-state.ts'
import { containing } from '../matchers.ts'

const encoder = new TextEncoder()

const golden: CheckpointManifest = {
  formatVersion: 2,
  jobName: 'orders',
  jobId: 'k3v9x0qz1a',
  checkpointId: 42,
  attempt: 7,
  kind: 'periodic',
  createdAtMs: 1_750_000_000_123,
  planFingerprint: '9f86d081',
  maxParallelism: 128,
  operators: [
    {
      operatorId: 'source',
      kind: 'source',
      parallelism: 1,
      enumerator: { version: 1, bytes: encoder.encode('{"next":3}') },
      subtasks: [
        {
          operatorId: 'source',
          subtask: 0,
          lists: [
            {
              name: 'splits',
              distribution: 'split',
              items: [{ version: 2, bytes: Uint8Array.of(0xff, 0x00, 0x80) }],
            },
          ],
          listFile: { path: 'chk-000042/source-0.lists', bytes: 99 },
          committables: [],
          keyed: undefined,
        },
      ],
    },
    {
      operatorId: 'out',
      kind: 'sink',
      parallelism: 1,
      subtasks: [
        {
          operatorId: 'out',
          subtask: 0,
          lists: [
            {
              name: 'rules',
              distribution: 'broadcast',
              items: [{ version: 1, bytes: new Uint8Array() }],
            },
          ],
          committables: [{ checkpointId: 41, version: 1, bytes: encoder.encode('Übertrag') }],
          keyed: {
            path: 'chk-000042/out-0.state',
            bytes: 17,
            states: [{ name: 'count', kind: 'value' }],
          },
        },
      ],
    },
  ],
}

const goldenBody =
  '{"formatVersion":2,"jobName":"orders","jobId":"k3v9x0qz1a","checkpointId":42,"attempt":7,' +
  '"kind":"periodic","createdAtMs":1750000000123,"planFingerprint":"9f86d081",' +
  '"maxParallelism":128,"operators":[{"operatorId":"source","kind":"source","parallelism":1,' +
  '"enumerator":{"version":1,"text":"{\\"next\\":3}"},"subtasks":[{"operatorId":"source",' +
  '"subtask":0,"lists":[{"name":"splits","distribution":"split",' +
  '"items":[{"version":2,"base64":"/wCA"}]}],' +
  '"listFile":{"path":"chk-000042/source-0.lists","bytes":99},"committables":[]}]},' +
  '{"operatorId":"out","kind":"sink","parallelism":1,"subtasks":[{"operatorId":"out","subtask":0,' +
  '"lists":[{"name":"rules","distribution":"broadcast","items":[{"version":1,"text":""}]}],' +
  '"committables":[{"checkpointId":41,' +
  '"version":1,"text":"Übertrag"}],"keyed":{"path":"chk-000042/out-0.state","bytes":17,' +
  '"states":[{"name":"count","kind":"value"}]}}]}]}'

/** The manifest of version 2, as released: written once, and read for ever. */
function goldenText(checksum: string, version = 2): string {
  return documentOf(goldenBody, checksum, version)
}

const goldenChecksum = '6d26b528'

describe('a manifest', () => {
  test('is read as it was written', () => {
    expect(decodeManifest(encodeManifest(golden))).toEqual(golden)
  })

  test('has the bytes of version 2', () => {
    const document: unknown = JSON.parse(goldenText(goldenChecksum))

    const text = new TextDecoder().decode(encodeManifest(golden))

    expect(text).toBe(`${JSON.stringify(document, undefined, 2)}\n`)
    expect(decodeManifest(encoder.encode(goldenText(goldenChecksum)))).toEqual(golden)
  })

  test('keeps any bytes', () => {
    const prng = new SeededPrng(3)
    for (let round = 0; round < 200; round += 1) {
      const bytes = randomBytes(prng, round)
      const manifest = withSplit({ version: 1, bytes })

      const [operator] = decodeManifest(encodeManifest(manifest)).operators

      expect(operator?.subtasks[0]?.lists).toEqual([splitsOf({ version: 1, bytes })])
    }
  })

  test('keeps a byte order mark', () => {
    const manifest = withSplit({ version: 1, bytes: encoder.encode('\uFEFFtext') })

    expect(decodeManifest(encodeManifest(manifest))).toEqual(manifest)
  })

  test('is corrupt when it is truncated anywhere', () => {
    const bytes = encoder.encode(goldenText(goldenChecksum))
    for (let length = 0; length < bytes.byteLength; length += 1) {
      expect(codeOf(bytes.subarray(0, length))).toBe('FLINKTS_CHECKPOINT_CORRUPT')
    }
  })

  test('is refused when a bit of any byte is flipped, or says the same', () => {
    const prng = new SeededPrng(5)
    const bytes = encodeManifest(golden)
    for (let position = 0; position < bytes.byteLength; position += 1) {
      const flipped = bytes.slice()
      flipped[position] = (flipped[position] ?? 0) ^ (1 << randomBelow(prng, 8))
      expect(outcomeOf(flipped)).toMatch(/CHECKPOINT_CORRUPT|STATE_UNREADABLE|same/)
    }
  })

  test.each([1, 3])('of format %i is refused by its version', (version) => {
    expect(errorOf(encoder.encode(goldenText(goldenChecksum, version)))).toMatchObject({
      code: 'FLINKTS_STATE_UNREADABLE',
      message: `the manifest has version ${version}, this release reads 2`,
    })
  })

  test.each([
    ['formatVersion', 0],
    ['checkpointId', 0],
    ['checkpointId', 1.5],
    ['checkpointId', '42'],
    ['kind', 'other'],
    ['jobName', undefined],
    ['operators', {}],
    ['operators', [null]],
    ['surprise', true],
  ])('with the field %s being %j is corrupt, and says so', (name, value) => {
    const parsed = JSON.parse(goldenBody) as object
    const body = JSON.stringify({ ...parsed, [name]: value })
    const checksum = crc32c(encoder.encode(body)).toString(16).padStart(8, '0')
    const document = documentOf(body, checksum, 2)

    expect(errorOf(encoder.encode(document))).toMatchObject({
      code: 'FLINKTS_CHECKPOINT_CORRUPT',
      message: containing(`manifest.body.${name}`),
    })
  })
})

function documentOf(body: string, checksum: string, version: number): string {
  const header = `"format":"flinkts-manifest","version":${version},"crc32c":"${checksum}"`
  return `{${header},"body":${body}}`
}

function splitsOf(split: StateItem): OperatorStateList {
  return { name: 'splits', distribution: 'split', items: [split] }
}

function withSplit(split: StateItem): CheckpointManifest {
  const subtask = {
    operatorId: 'source',
    subtask: 0,
    lists: [splitsOf(split)],
    committables: [],
    keyed: undefined,
  }
  const operator = {
    operatorId: 'source',
    kind: 'source',
    parallelism: 1,
    subtasks: [subtask],
  } as const
  return { ...golden, operators: [operator] }
}

/** Half of them text, to meet both forms. */
function randomBytes(prng: SeededPrng, length: number): Uint8Array {
  const limit = length % 2 === 0 ? 128 : 256
  return Uint8Array.from({ length }, () => randomBelow(prng, limit))
}

function errorOf(bytes: Uint8Array): unknown {
  try {
    decodeManifest(bytes)
    return undefined
  } catch (error) {
    return error
  }
}

function codeOf(bytes: Uint8Array): string {
  const error = errorOf(bytes)
  if (error === undefined) return 'read'
  return error instanceof FlinktsError ? error.code : 'another error'
}

/**
 * White space between fields carries nothing: a flip there may go unnoticed, and changes nothing.
 */
function outcomeOf(bytes: Uint8Array): string {
  const code = codeOf(bytes)
  if (code !== 'read') return code
  return JSON.stringify(decodeManifest(bytes)) === JSON.stringify(golden) ? 'same' : 'other'
}
