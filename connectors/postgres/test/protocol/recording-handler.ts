import type { Change } from '../../src/records/change.ts'
import type { Relation } from '../../src/records/relation.ts'
import type { LogicalMessage, ReplicationHandler } from '../../src/protocol/replication-stream.ts'

/** Notes what a stream hands out. */
export class RecordingHandler implements ReplicationHandler {
  readonly calls: string[] = []
  readonly changes: Change[] = []
  readonly relations: Relation[] = []
  readonly messages: LogicalMessage[] = []
  /** `change` asks to stop after so many changes each. */
  stopEvery: number = Number.POSITIVE_INFINITY

  begin({ finalLsn, transactionId, commitTime }: Parameters<ReplicationHandler['begin']>[0]): void {
    this.calls.push(`begin ${finalLsn} ${transactionId} ${commitTime}`)
  }

  change(relation: Relation, change: Change): boolean {
    this.calls.push(`${change.operation} ${change.source.table} ${change.source.position}`)
    this.relations.push(relation)
    this.changes.push(change)
    return this.changes.length % this.stopEvery !== 0
  }

  commit({ finalLsn }: Parameters<ReplicationHandler['commit']>[0], endLsn: bigint): void {
    this.calls.push(`commit ${finalLsn} ${endLsn}`)
  }

  progress(lsn: bigint): void {
    this.calls.push(`progress ${lsn}`)
  }

  message(message: LogicalMessage): void {
    this.calls.push(`message ${message.prefix}`)
    this.messages.push(message)
  }
}
