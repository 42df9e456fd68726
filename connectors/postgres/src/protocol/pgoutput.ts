/**
 * The messages of the output plugin pgoutput, version 1 of its protocol, with values as text
 * (https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html):
 *
 *     B begin    final LSN 8, commit time 8, transaction id 4
 *     C commit   flags 1, commit LSN 8, end LSN 8, commit time 8
 *     O origin, Y type: not needed
 *     R relation OID 4, schema z, name z, replica identity 1,
 *                columns 2 × (flags 1, name z, type 4, modifier 4)
 *     I insert   relation 4, N tuple
 *     U update   relation 4, [K tuple | O tuple], N tuple
 *     D delete   relation 4, K tuple | O tuple
 *     T truncate relations 4, options 1, relations × 4
 *     M message  flags 1, LSN 8, prefix z, length 4, content
 *     tuple      columns 2 × (n | u | t length 4, text)
 *
 * K holds the columns of the replica identity (the others are n), O the whole old row, u means: a
 * TOAST value that did not change. A transaction is sent when it has committed, in one piece.
 */
import { FlinktsError } from '@flinkts/core/connector'
import type { Change, ChangeSource, Row } from '../records/change.ts'
import { formatLsn } from '../records/lsn.ts'
import type { Relation } from '../records/relation.ts'
import type { ReplicationHandler, Transaction } from './replication-stream.ts'
import type { TypeCatalog } from '../values/type-catalog.ts'
import { MessageReader } from './message-reader.ts'
import type { Payload } from './message-reader.ts'
import { postgresTime } from './postgres-time.ts'
import { readRelation } from './relation-message.ts'
import { pickColumns, rowDecoder, setColumn } from './row-decoder.ts'
import type { MutableRow, RowDecoder } from './row-decoder.ts'

/** What became of a message. @internal */
export type DecodeOutcome =
  /** It is done. */
  | 'continue'
  /** It is done, and the handler wants no more for now. */
  | 'stop'
  /**
   * It is a relation with types that the catalog does not know: load `missingTypes`, then repeat
   * it.
   */
  | 'types-missing'

/** What a decoder needs. @internal */
export interface PgoutputOptions {
  readonly types: TypeCatalog
  /** See `ReplicationOptions.keyColumnsOf`. */
  readonly keyColumnsOf: (table: string) => readonly string[] | undefined
}

/** A relation with all that decoding its rows needs. */
interface RelationPlan extends RowDecoder {
  readonly relation: Relation
  readonly keyNames: readonly string[]
  /** Whether a column is in the old rows of the stream. */
  readonly identity: readonly boolean[]
}

const tagBegin = 0x42
const tagCommit = 0x43
const tagDelete = 0x44
const tagInsert = 0x49
const tagMessage = 0x4d
const tagOrigin = 0x4f
const tagRelation = 0x52
const tagTruncate = 0x54
const tagUpdate = 0x55
const tagType = 0x59

const tupleNew = 0x4e
const tupleOld = 0x4f
const tupleKey = 0x4b

const columnNull = 0x6e
const columnText = 0x74
const columnUnchanged = 0x75

/** Decodes the messages of one stream, in their order. @internal */
export class PgoutputDecoder {
  readonly #options: PgoutputOptions
  readonly #reader = new MessageReader()
  readonly #plans = new Map<number, RelationPlan>()
  #lastPlan: RelationPlan | undefined
  #transaction: Transaction | undefined
  /** The transaction's final LSN as text: shared by all its changes. */
  #lsn = ''
  #position = 0
  #unchanged: string[] | undefined

  /** After the outcome `types-missing`. */
  missingTypes: readonly number[] = []

  constructor(options: PgoutputOptions) {
    this.#options = options
  }

  /** Whether the last message left a transaction open. */
  get inTransaction(): boolean {
    return this.#transaction !== undefined
  }

  /** The table that a relation id stands for, if its definition has been decoded. */
  tableOf(relationOid: number): string | undefined {
    return this.#plans.get(relationOid)?.relation.table
  }

  /**
   * Decodes one message. Keeps no reference to its bytes.
   *
   * @throws FlinktsError FLINKTS_POSTGRES_PROTOCOL_VIOLATED
   */
  decode(message: Payload, handler: ReplicationHandler): DecodeOutcome {
    this.#reader.reset(message)
    const tag = this.#reader.int8()
    switch (tag) {
      case tagInsert:
        return this.#insert(handler)
      case tagUpdate:
        return this.#update(handler)
      case tagDelete:
        return this.#delete(handler)
      case tagTruncate:
        return this.#truncate(handler)
      case tagRelation:
        return this.#relation()
      default:
        this.#control(tag, handler)
        return 'continue'
    }
  }

  #control(tag: number, handler: ReplicationHandler): void {
    switch (tag) {
      case tagBegin:
        return this.#begin(handler)
      case tagCommit:
        return this.#commit(handler)
      case tagMessage:
        return this.#message(handler)
      case tagOrigin:
      case tagType:
        return
      default:
        throw violation(`a message has the unknown tag ${tag}`)
    }
  }

  #begin(handler: ReplicationHandler): void {
    const reader = this.#reader
    const finalLsn = reader.uint64()
    const commitTime = postgresTime(reader.int64())
    const transaction = { finalLsn, transactionId: reader.uint32(), commitTime }
    if (this.#transaction !== undefined) throw violation('a transaction began in another one')
    this.#transaction = transaction
    this.#lsn = formatLsn(finalLsn)
    this.#position = 0
    handler.begin(transaction)
  }

  #commit(handler: ReplicationHandler): void {
    const reader = this.#reader
    reader.skip(1)
    const commitLsn = reader.uint64()
    const endLsn = reader.uint64()
    reader.skip(8)
    const transaction = this.#open()
    if (commitLsn !== transaction.finalLsn) throw violation('a commit belongs to no begin')
    this.#transaction = undefined
    handler.commit(transaction, endLsn)
  }

  #message(handler: ReplicationHandler): void {
    if (handler.message === undefined) return
    const reader = this.#reader
    const transactional = (reader.int8() & 1) === 1
    const lsn = reader.uint64()
    const prefix = reader.string()
    const length = reader.int32()
    const start = reader.skip(length)
    const content = new Uint8Array(reader.bytes.subarray(start, start + length))
    handler.message({ transactional, lsn, prefix, content })
  }

  #relation(): DecodeOutcome {
    const relation = readRelation(this.#reader, this.#options.keyColumnsOf)
    const missing = this.#options.types.missing(relation.columns.map((column) => column.typeOid))
    if (missing.length > 0) {
      this.missingTypes = missing
      return 'types-missing'
    }
    // The server repeats definitions that did not change.
    const known = this.#plans.get(relation.oid)
    if (known !== undefined && sameRelation(known.relation, relation)) return 'continue'
    this.#plans.set(relation.oid, {
      relation,
      ...rowDecoder(relation, this.#options.types),
      keyNames: relation.columns.filter((column) => column.key).map((column) => column.name),
      identity: relation.columns.map((column) => column.identity),
    })
    this.#lastPlan = undefined
    return 'continue'
  }

  #insert(handler: ReplicationHandler): DecodeOutcome {
    const plan = this.#plan()
    this.#expect(tupleNew)
    const after = this.#newRow(plan, undefined)
    const key = pickColumns(after, plan.keyNames)
    const source = this.#source(plan)
    return this.#emit(handler, plan, {
      operation: 'insert',
      before: undefined,
      after,
      key,
      unchanged: undefined,
      source,
      schema: undefined,
    })
  }

  #update(handler: ReplicationHandler): DecodeOutcome {
    const plan = this.#plan()
    let kind = this.#reader.int8()
    let before: Row | undefined
    if (kind !== tupleNew) {
      before = this.#oldRow(plan, kind)
      kind = this.#reader.int8()
    }
    if (kind !== tupleNew) throw violation(`an update has a tuple of the kind ${kind}`)
    this.#unchanged = undefined
    const after = this.#newRow(plan, before)
    const key = pickColumns(after, plan.keyNames)
    const source = this.#source(plan)
    return this.#emit(handler, plan, {
      operation: 'update',
      before,
      after,
      key,
      unchanged: this.#unchanged,
      source,
      schema: undefined,
    })
  }

  #delete(handler: ReplicationHandler): DecodeOutcome {
    const plan = this.#plan()
    const before = this.#oldRow(plan, this.#reader.int8())
    const key = pickColumns(before, plan.keyNames)
    const source = this.#source(plan)
    return this.#emit(handler, plan, {
      operation: 'delete',
      before,
      after: undefined,
      key,
      unchanged: undefined,
      source,
      schema: undefined,
    })
  }

  /** One change a table; the handler may stop after the last one only. */
  #truncate(handler: ReplicationHandler): DecodeOutcome {
    const reader = this.#reader
    const count = reader.int32()
    reader.skip(1)
    let outcome: DecodeOutcome = 'continue'
    for (let index = 0; index < count; index++) {
      const plan = this.#plan()
      const source = this.#source(plan)
      const emitted = this.#emit(handler, plan, {
        operation: 'truncate',
        before: undefined,
        after: undefined,
        key: undefined,
        unchanged: undefined,
        source,
        schema: undefined,
      })
      if (emitted === 'stop') outcome = 'stop'
    }
    return outcome
  }

  #emit(handler: ReplicationHandler, plan: RelationPlan, change: Change): DecodeOutcome {
    this.#position++
    return handler.change(plan.relation, change) ? 'continue' : 'stop'
  }

  #source(plan: RelationPlan): ChangeSource {
    const { transactionId, commitTime } = this.#open()
    return {
      table: plan.relation.table,
      lsn: this.#lsn,
      position: this.#position,
      transactionId,
      commitTime,
    }
  }

  #open(): Transaction {
    const transaction = this.#transaction
    if (transaction === undefined)
      throw violation('a change or commit stands outside a transaction')
    return transaction
  }

  /** The plan of the relation whose id comes next. */
  #plan(): RelationPlan {
    const oid = this.#reader.uint32()
    const last = this.#lastPlan
    if (last !== undefined && last.relation.oid === oid) return last
    const plan = this.#plans.get(oid)
    if (plan === undefined) throw violation(`a change has the unknown relation ${oid}`)
    this.#lastPlan = plan
    return plan
  }

  #expect(kind: number): void {
    const found = this.#reader.int8()
    if (found !== kind) throw violation(`a tuple has the kind ${found} instead of ${kind}`)
  }

  /** Reads a tuple; takes values that were not sent from `before`, and notes those it cannot. */
  #newRow(plan: RelationPlan, before: Row | undefined): Row {
    const { names, decoders } = plan
    const reader = this.#reader
    this.#expectColumns(names.length)
    const { bytes } = reader
    const row: MutableRow = {}
    for (let index = 0; index < names.length; index++) {
      const name = names[index] as string
      const kind = reader.int8()
      if (kind === columnText) {
        const length = reader.int32()
        const start = reader.skip(length)
        const decode = decoders[index] as (typeof decoders)[number]
        setColumn(row, name, decode(bytes, start, start + length))
      } else if (kind === columnNull) {
        setColumn(row, name, null)
      } else if (kind === columnUnchanged) {
        this.#takeUnchanged(row, name, before)
      } else {
        throw violation(`a column has the kind ${kind}`)
      }
    }
    return row
  }

  #takeUnchanged(row: MutableRow, name: string, before: Row | undefined): void {
    const value = before !== undefined && Object.hasOwn(before, name) ? before[name] : undefined
    if (value !== undefined) {
      setColumn(row, name, value)
      return
    }
    this.#unchanged ??= []
    this.#unchanged.push(name)
  }

  /** Reads an old tuple: all its columns, or those of the replica identity. */
  #oldRow(plan: RelationPlan, kind: number): Row {
    if (kind !== tupleOld && kind !== tupleKey) throw violation(`an old tuple has the kind ${kind}`)
    const { names, decoders, identity } = plan
    const reader = this.#reader
    this.#expectColumns(names.length)
    const { bytes } = reader
    const row: MutableRow = {}
    for (let index = 0; index < names.length; index++) {
      const name = names[index] as string
      const columnKind = reader.int8()
      if (columnKind === columnText) {
        const length = reader.int32()
        const start = reader.skip(length)
        const decode = decoders[index] as (typeof decoders)[number]
        setColumn(row, name, decode(bytes, start, start + length))
      } else if (columnKind === columnNull && (kind === tupleOld || identity[index] === true)) {
        setColumn(row, name, null)
      }
    }
    return row
  }

  #expectColumns(count: number): void {
    const found = this.#reader.int16()
    if (found !== count) throw violation(`a row has ${found} columns instead of ${count}`)
  }
}

function sameRelation(one: Relation, other: Relation): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

function violation(message: string): FlinktsError {
  return new FlinktsError('FLINKTS_POSTGRES_PROTOCOL_VIOLATED', message)
}
