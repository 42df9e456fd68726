import type { Socket } from 'node:net'
import type { CopyChannel } from './copy-channel.ts'

/** A statement whose CopyData messages go to a channel. @internal */
export interface Copy {
  readonly sql: string
  readonly channel: CopyChannel
}

/** Of the driver's connection, what a COPY needs. */
interface Connection {
  readonly stream: Socket
  /** Sends a statement. */
  query(sql: string): void
}

/** What the driver runs when its turn has come. */
interface Statement {
  submit(connection: Connection): void
  handleError(error: Error): void
  handleReadyForQuery(): void
  handleCommandComplete(): void
  handleRowDescription(): void
  handleDataRow(): void
  handleEmptyQuery(): void
}

/** Of the driver's client, what a COPY needs. */
interface Client {
  query(statement: Statement): unknown
}

const ignore = (): void => {}

/** Resolves when the server is ready for the next statement. @internal */
export function runCopy(client: Client, { sql, channel }: Copy): Promise<void> {
  return new Promise((resolve, reject) => {
    client.query({
      submit: (connection: Connection) => {
        channel.attach(connection.stream)
        connection.query(sql)
      },
      handleError: (error: Error) => {
        channel.detach()
        reject(error)
      },
      handleReadyForQuery: () => {
        channel.detach()
        resolve()
      },
      handleCommandComplete: ignore,
      handleRowDescription: ignore,
      handleDataRow: ignore,
      handleEmptyQuery: ignore,
    })
  })
}

const copyData = 0x64
const copyDone = Buffer.from([0x63, 0, 0, 0, 4])
const headerBytes = 5
const lengthBytes = 4

/**
 * Runs `COPY … FROM STDIN` with these rows. Resolves when the server is ready for the next
 * statement. @internal
 */
export function runCopyIn(client: Client, sql: string, rows: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const statement: Statement & { handleCopyInResponse(connection: Connection): void } = {
      submit: (connection: Connection) => connection.query(sql),
      handleCopyInResponse: ({ stream }: Connection) => {
        const header = Buffer.alloc(headerBytes)
        header[0] = copyData
        header.writeUInt32BE(lengthBytes + rows.length, 1)
        stream.cork()
        stream.write(header)
        stream.write(rows)
        stream.write(copyDone)
        stream.uncork()
      },
      handleError: reject,
      handleReadyForQuery: () => resolve(),
      handleCommandComplete: ignore,
      handleRowDescription: ignore,
      handleDataRow: ignore,
      handleEmptyQuery: ignore,
    }
    client.query(statement)
  })
}
