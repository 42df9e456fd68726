/**
 * A state file: the keyed state of one subtask of one operator, version 3.
 *
 *   file    magic "FLINKTSK" · version: uint32 · header block · entry blocks · end block
 *   block   type: uint8 · length of the payload: uint32 · CRC-32C of type, length and payload:
 *           uint32 · payload
 *   header  type 1: varints maxParallelism, first and last key group (inclusive), number of states;
 *           for every state: name (varint length, UTF-8), kind: uint8 (1 value, 2 list, 3 map,
 *           4 reducing, 5 aggregating; 128 more if its values have times),
 *           version of the codec of its values: uint8
 *   entries type 2: varints key group plus 1, number of the state (from 0), number of entries;
 *           namespace: float64 (0: the state has none); the entries (see entry-codec.ts). A block
 *           is a session of the codec. Key group plus 1 is 0 for entries of any key groups, which
 *           their keys say. A key group may have several blocks of a state; if a key of a list or
 *           map occurs again, its elements are added.
 *   columns type 3: the same with the entries by column (see number-columns.ts): keys and values
 *           are numbers, and the state is neither a list nor a map, and without times
 *   end     type 4: varints number of blocks before it, number of entries in the file
 *
 * All little endian. The end block tells a file that was cut between two blocks.
 */
import { crc32c } from '../common/crc32c.ts'
import { FlinktsError } from '../common/errors.ts'
import { ByteReader, unreadable } from './byte-reader.ts'
import type { ByteWriter } from './byte-writer.ts'
import { inRange, type KeyGroupRange } from './key.ts'
import { type NumberColumns, writeColumns } from './number-columns.ts'
import { type KeyedStateInfo, stateKinds } from './operator-state.ts'
import { valueCodecVersion } from './value-codec.ts'

/** The version of state files. @internal */
const stateFileVersion = 3

/** What the header of a state file says. @internal */
export interface StateFileHeader {
  readonly maxParallelism: number
  readonly range: KeyGroupRange
  readonly states: readonly StoredStateInfo[]
}

/** What the header of a state file says of a state. @internal */
export interface StoredStateInfo extends KeyedStateInfo {
  /** Whether its values have times. */
  readonly timed: boolean
}

/** Of which entries a block is. @internal */
export interface BlockScope {
  /** `undefined`: entries of any key groups of the file. */
  readonly keyGroup: number | undefined
  /** Index into the states of the header. */
  readonly state: number
  /** `voidNamespace`: the state has none. */
  readonly namespace: number
}

/** A block of entries. @internal */
export interface EntryBlock extends BlockScope {
  readonly form: 'entries' | 'columns'
  readonly entryCount: number
  /** The entries, in that form; a view of the file. */
  readonly entries: Uint8Array
}

/** Writes the parts of one file, in order, into any number of buffers. @internal */
export class StateFileWriter {
  #blockCount = 0
  #entryCount = 0

  /** The start of the file. */
  header(out: ByteWriter, header: StateFileHeader): void {
    out.ascii(magic)
    out.uint32(stateFileVersion)
    const start = begin(out, blockTypes.header)
    out.varint(header.maxParallelism)
    out.varint(header.range.first)
    out.varint(header.range.last)
    out.varint(header.states.length)
    for (const state of header.states) {
      out.utf8(state.name)
      out.uint8(kindNumbers[state.kind] + (state.timed ? timedFlag : 0))
      out.uint8(valueCodecVersion)
    }
    this.#end(out, start)
  }

  /** A block of entries, one after the other. */
  entries(out: ByteWriter, block: Omit<EntryBlock, 'form'>): void {
    const start = this.#begin(out, { ...block, type: blockTypes.entries })
    out.bytes(block.entries)
    this.#end(out, start)
  }

  /** A block of entries by column. */
  columns(out: ByteWriter, scope: BlockScope, columns: NumberColumns): void {
    const entryCount = columns.keys.length
    const start = this.#begin(out, { ...scope, type: blockTypes.columns, entryCount })
    writeColumns(out, columns)
    this.#end(out, start)
  }

  /** The end of the file. */
  end(out: ByteWriter): void {
    const start = begin(out, blockTypes.end)
    out.varint(this.#blockCount)
    out.varint(this.#entryCount)
    this.#end(out, start)
  }

  #begin(
    out: ByteWriter,
    of: BlockScope & { readonly type: number; readonly entryCount: number },
  ): number {
    const start = begin(out, of.type)
    out.varint((of.keyGroup ?? -1) + 1)
    out.varint(of.state)
    out.varint(of.entryCount)
    out.float64(of.namespace)
    this.#entryCount += of.entryCount
    return start
  }

  #end(out: ByteWriter, start: number): void {
    const payload = start + blockHeaderBytes
    out.uint32At(start + 1, out.length - payload)
    const written = out.written()
    const crc = crc32c(written.subarray(start, start + 5))
    out.uint32At(start + 5, crc32c(written.subarray(payload), crc))
    this.#blockCount += 1
  }
}

/** Reads a state file; every byte of it is checked. @internal */
export class StateFileReader {
  readonly header: StateFileHeader
  readonly #owner: string
  readonly #bytes: ByteReader
  #blockCount = 0

  /**
   * `owner` names whose file it is, for errors.
   *
   * @throws FlinktsError FLINKTS_CHECKPOINT_CORRUPT if it is damaged
   * @throws FlinktsError FLINKTS_STATE_UNREADABLE if its version is unknown
   */
  constructor(file: Uint8Array, owner: string) {
    this.#owner = owner
    this.#bytes = new ByteReader(file)
    if (this.#bytes.remaining < magic.length + 4) throw this.#corrupt('it ends in its first bytes')
    if (this.#bytes.ascii(magic.length) !== magic) throw this.#corrupt('it is no state file')
    const version = this.#bytes.uint32()
    if (version !== stateFileVersion) {
      throw unreadable(`a state file of ${owner} has the unknown version ${version}`)
    }
    const { type, payload } = this.#block()
    if (type !== blockTypes.header) throw this.#corrupt('it has no header')
    this.header = readHeader(payload, owner)
  }

  /**
   * The blocks of entries, in order. To know that the file is complete, read all of them.
   *
   * @throws FlinktsError FLINKTS_CHECKPOINT_CORRUPT
   */
  *blocks(): Iterable<EntryBlock> {
    let entryCount = 0
    for (;;) {
      const { type, payload } = this.#block()
      if (type === blockTypes.end) {
        this.#checkEnd(payload, entryCount)
        return
      }
      const block = this.#entries(type, payload)
      entryCount += block.entryCount
      yield block
    }
  }

  #checkEnd(payload: ByteReader, entryCount: number): void {
    if (payload.varint() !== this.#blockCount - 1) throw this.#corrupt('blocks of it are missing')
    if (payload.varint() !== entryCount) throw this.#corrupt('entries of it are missing')
    if (this.#bytes.remaining > 0) throw this.#corrupt('bytes follow its end')
  }

  #block(): { readonly type: number; readonly payload: ByteReader } {
    const bytes = this.#bytes
    if (bytes.remaining < blockHeaderBytes) throw this.#corrupt('it is cut off')
    const head = bytes.bytes(5)
    const fields = new ByteReader(head)
    const type = fields.uint8()
    const length = fields.uint32()
    const crc = bytes.uint32()
    if (length > bytes.remaining) throw this.#corrupt('it is cut off')
    const payload = bytes.bytes(length)
    if (crc32c(payload, crc32c(head)) !== crc) {
      throw this.#corrupt(`its block ${this.#blockCount} has a wrong checksum`)
    }
    this.#blockCount += 1
    return { type, payload: new ByteReader(payload) }
  }

  #entries(type: number, payload: ByteReader): EntryBlock {
    if (type !== blockTypes.entries && type !== blockTypes.columns) {
      throw this.#corrupt(`it has a block of the type ${type}`)
    }
    const form = type === blockTypes.entries ? 'entries' : 'columns'
    const { range, states } = this.header
    const group = payload.varint()
    const keyGroup = group === 0 ? undefined : group - 1
    const state = payload.varint()
    const entryCount = payload.varint()
    const namespace = payload.float64()
    const info = states[state]
    if ((keyGroup !== undefined && !inRange(keyGroup, range)) || info === undefined) {
      throw this.#corrupt('a block of it is of a key group or state that its header does not name')
    }
    if (form === 'columns' && !canBeNumbers(info)) {
      throw this.#corrupt('a block of it has numbers in place of lists, maps or times')
    }
    const entries = payload.bytes(payload.remaining)
    return { keyGroup, state, namespace, form, entryCount, entries }
  }

  #corrupt(what: string): FlinktsError {
    return corruptStateFile(this.#owner, what)
  }
}

/** The error for a damaged state file. @internal */
export function corruptStateFile(owner: string, what: string): FlinktsError {
  return new FlinktsError(
    'FLINKTS_CHECKPOINT_CORRUPT',
    `a state file of ${owner} is damaged: ${what}`,
    { hint: 'Restore from another checkpoint, and check the medium that the file is on.' },
  )
}

const magic = 'FLINKTSK'
const blockHeaderBytes = 9
const blockTypes = { header: 1, entries: 2, columns: 3, end: 4 } as const
const kindNumbers = { value: 1, list: 2, map: 3, reducing: 4, aggregating: 5 } as const
const timedFlag = 0x80

function begin(out: ByteWriter, type: number): number {
  const start = out.length
  out.uint8(type)
  out.uint32(0)
  out.uint32(0)
  return start
}

function canBeNumbers({ kind, timed }: StoredStateInfo): boolean {
  return kind !== 'list' && kind !== 'map' && !timed
}

function readHeader(payload: ByteReader, owner: string): StateFileHeader {
  const maxParallelism = payload.varint()
  const range = { first: payload.varint(), last: payload.varint() }
  const count = payload.count(3)
  const states: StoredStateInfo[] = []
  for (let i = 0; i < count; i += 1) states.push(readStateInfo(payload, owner))
  return { maxParallelism, range, states }
}

function readStateInfo(payload: ByteReader, owner: string): StoredStateInfo {
  const name = payload.utf8()
  const kindNumber = payload.uint8()
  const codecVersion = payload.uint8()
  if (codecVersion !== valueCodecVersion) {
    throw unreadable(
      `state "${name}" of ${owner} was written by the unknown codec version ${codecVersion}`,
    )
  }
  const timed = kindNumber >= timedFlag
  for (const kind of stateKinds) {
    if (kindNumbers[kind] === kindNumber % timedFlag) return { name, kind, timed }
  }
  throw unreadable(`state "${name}" of ${owner} is of the unknown kind ${kindNumber}`)
}

/**
 * What is wrong with the bytes of a state file; `undefined`: nothing, every checksum is right.
 *
 * @throws FlinktsError FLINKTS_STATE_UNREADABLE if its version is unknown
 * @internal
 */
export function damageOfStateFile(file: Uint8Array): string | undefined {
  try {
    for (const block of new StateFileReader(file, 'the checkpoint').blocks()) void block
    return undefined
  } catch (error) {
    if (!(error instanceof FlinktsError) || error.code !== 'FLINKTS_CHECKPOINT_CORRUPT') throw error
    return error.message
  }
}
