/**
 * A list file: the lists of one subtask of one operator, version 1.
 *
 *   file     magic "FLINKTSL" · version: uint32 · length of the payload: uint32 · CRC-32C of the
 *            payload: uint32 · payload
 *   payload  varint number of lists; for every list: name (varint length, UTF-8), distribution:
 *            uint8 (1 split, 2 union, 3 broadcast), varint number of items; for every item: varint
 *            version of its serializer, varint length, the bytes
 *
 * All little endian.
 */
import { crc32c } from '../common/crc32c.ts'
import { FlinktsError } from '../common/errors.ts'
import { ByteReader, unreadable } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'
import type { ListDistribution, OperatorStateList, StateItem } from './operator-state.ts'

const magic = 'FLINKTSL'
const listFileVersion = 1
const headBytes = magic.length + 12
const distributionNumbers = { split: 1, union: 2, broadcast: 3 } as const

/** The bytes of a list file. @internal */
export function encodeListFile(lists: readonly OperatorStateList[]): Uint8Array {
  const payload = new ByteWriter()
  payload.varint(lists.length)
  for (const { name, distribution, items } of lists) {
    payload.utf8(name)
    payload.uint8(distributionNumbers[distribution])
    payload.varint(items.length)
    for (const { version, bytes } of items) {
      payload.varint(version)
      payload.varint(bytes.length)
      payload.bytes(bytes)
    }
  }
  const file = new ByteWriter(headBytes + payload.length)
  file.ascii(magic)
  file.uint32(listFileVersion)
  file.uint32(payload.length)
  file.uint32(crc32c(payload.written()))
  file.bytes(payload.written())
  return file.written()
}

/**
 * Reads a list file; every byte of it is checked.
 *
 * @throws FlinktsError FLINKTS_CHECKPOINT_CORRUPT if it is damaged
 * @throws FlinktsError FLINKTS_STATE_UNREADABLE if its version is unknown
 * @internal
 */
export function decodeListFile(file: Uint8Array): readonly OperatorStateList[] {
  const head = new ByteReader(file)
  if (head.remaining < headBytes) throw corrupt('it ends in its first bytes')
  if (head.ascii(magic.length) !== magic) throw corrupt('it is no list file')
  const version = head.uint32()
  if (version !== listFileVersion)
    throw unreadable(`a list file has the unknown version ${version}`)
  const length = head.uint32()
  const checksum = head.uint32()
  if (length !== head.remaining) throw corrupt('it is cut off, or bytes follow its end')
  const payload = head.bytes(length)
  if (crc32c(payload) !== checksum) throw corrupt('it has a wrong checksum')
  return readLists(new ByteReader(payload))
}

/**
 * What is wrong with the bytes of a list file; `undefined`: nothing.
 *
 * @throws FlinktsError FLINKTS_STATE_UNREADABLE if its version is unknown
 * @internal
 */
export function damageOfListFile(file: Uint8Array): string | undefined {
  try {
    decodeListFile(file)
    return undefined
  } catch (error) {
    if (!(error instanceof FlinktsError) || error.code !== 'FLINKTS_CHECKPOINT_CORRUPT') throw error
    return error.message
  }
}

function readLists(payload: ByteReader): readonly OperatorStateList[] {
  const lists: OperatorStateList[] = []
  for (let left = payload.count(3); left > 0; left -= 1) {
    const name = payload.utf8()
    const distribution = distributionOf(payload.uint8())
    const items: StateItem[] = []
    for (let more = payload.count(2); more > 0; more -= 1) {
      const version = payload.varint()
      items.push({ version, bytes: payload.copy(payload.count(1)) })
    }
    lists.push({ name, distribution, items })
  }
  return lists
}

function distributionOf(number: number): ListDistribution {
  for (const distribution of ['split', 'union', 'broadcast'] as const) {
    if (distributionNumbers[distribution] === number) return distribution
  }
  throw unreadable(`a list file has a list of the unknown distribution ${number}`)
}

function corrupt(what: string): FlinktsError {
  return new FlinktsError('FLINKTS_CHECKPOINT_CORRUPT', `a list file is damaged: ${what}`, {
    hint: 'Restore from another checkpoint, and check the medium that the file is on.',
  })
}
