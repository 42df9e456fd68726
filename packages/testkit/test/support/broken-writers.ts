import { setTimeout as pause } from 'node:timers/promises'
import type { KitRecord } from '../../src/records/kit-record.ts'
import { HonestWriter, type PendingFile } from './honest-sink.ts'

// Writers that break one promise each; `broken-sinks.ts` says which, and what catches them.

export class CommitsInPrepare extends HonestWriter {
  override async prepareCommit(checkpointId: number): Promise<readonly PendingFile[]> {
    const files = await super.prepareCommit(checkpointId)
    for (const { pending, visible } of files) await this.target.publish(pending, visible)
    return files
  }
}

export class WritesVisibly extends HonestWriter {
  override store(name: string, records: readonly KitRecord[]): Promise<void> {
    return this.target.writeVisible(name, records)
  }
}

export class DoesNotAwaitFlush extends HonestWriter {
  override store(name: string, records: readonly KitRecord[]): Promise<void> {
    void pause(30).then(() => super.store(name, records).catch(() => undefined))
    return Promise.resolve()
  }
}

export class ForgetsTheEnd extends HonestWriter {
  override async flush(endOfInput: boolean): Promise<void> {
    if (endOfInput) this.buffer = []
    await super.flush(endOfInput)
  }
}

export class CutsLate extends HonestWriter {
  override async flush(): Promise<void> {}

  override async prepareCommit(checkpointId: number): Promise<readonly PendingFile[]> {
    await pause(5)
    return super.prepareCommit(checkpointId)
  }
}

export class SharesPendingNames extends HonestWriter {
  override pendingName(sequence: number): string {
    return `${this.context.jobId}.0.${this.context.subtask}.${sequence}`
  }
}

export class ReusesVisibleNames extends HonestWriter {
  override visibleName(_checkpointId: number, pending: string): string {
    const [jobId, , subtask, sequence] = pending.split('.')
    return `${jobId}.${subtask}.${sequence}`
  }
}

export class DropsOnAbort extends HonestWriter {
  #last: readonly PendingFile[] = []

  override async prepareCommit(checkpointId: number): Promise<readonly PendingFile[]> {
    // Whatever is still pending must be of a checkpoint that failed.
    for (const { pending } of this.#last) await this.target.removePending(pending)
    this.#last = await super.prepareCommit(checkpointId)
    return this.#last
  }
}

export class PublishesOnClose extends HonestWriter {
  override async close(): Promise<void> {
    for (const { pending, visible } of await this.prepareCommit(0)) {
      await this.target.publish(pending, visible)
    }
  }
}

export class ClosesInTheMiddle extends HonestWriter {
  override async store(name: string, records: readonly KitRecord[]): Promise<void> {
    await pause(20)
    await super.store(name, records).catch(() => undefined)
  }

  override close(): Promise<void> {
    return Promise.resolve()
  }
}

export class AltersText extends HonestWriter {
  override write(record: KitRecord): void | Promise<void> {
    return super.write({ ...record, payload: record.payload.replaceAll('\r\n', '\n').trimEnd() })
  }
}

export class TruncatesBigints extends HonestWriter {
  override write({ values = {}, ...record }: KitRecord): void | Promise<void> {
    const { bigint } = values
    const truncated = typeof bigint === 'bigint' ? { bigint: BigInt(Number(bigint)) } : {}
    return super.write({ ...record, values: { ...values, ...truncated } })
  }
}

export class LeavesOutNulls extends HonestWriter {
  override write({ values = {}, ...record }: KitRecord): void | Promise<void> {
    const rest = Object.entries(values).filter(([, value]) => value !== null)
    return super.write({ ...record, values: Object.fromEntries(rest) })
  }
}

export class MixesOrder extends HonestWriter {
  override store(name: string, records: readonly KitRecord[]): Promise<void> {
    return super.store(name, records.toReversed())
  }
}

export class LeavesATimer extends HonestWriter {
  readonly #timer: NodeJS.Timeout = setInterval(() => undefined, 1000)

  override async close(): Promise<void> {
    this.#timer.ref()
    await super.close()
  }
}

export class DropsUnderLoad extends HonestWriter {
  override write(record: KitRecord): void | Promise<void> {
    return this.buffer.length < 1000 ? super.write(record) : undefined
  }
}

export class HoldsEverything extends HonestWriter {
  override write(record: KitRecord): Promise<void> {
    this.buffer.push(record)
    return Promise.resolve()
  }
}

export class ClosesOnce extends HonestWriter {
  #closed = false

  override async close(): Promise<void> {
    if (this.#closed) throw new Error('closed already')
    this.#closed = true
    await super.close()
  }
}

export class CutsLongTexts extends HonestWriter {
  override write(record: KitRecord): void | Promise<void> {
    return super.write({ ...record, payload: record.payload.slice(0, 1_048_576) })
  }
}

export class TakesLostAnswersForDone extends HonestWriter {
  override store(name: string, records: readonly KitRecord[]): Promise<void> {
    return super.store(name, records).catch(() => undefined)
  }
}

export class LeavesOutWhatIsGone extends HonestWriter {
  override store(name: string, records: readonly KitRecord[]): Promise<void> {
    const without = records.map(({ payload: _payload, ...record }) => record as KitRecord)
    return super.store(name, records).catch(() => super.store(name, without))
  }
}
