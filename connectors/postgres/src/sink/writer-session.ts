import { FlinktsError } from '@flinkts/core/connector'
import type { PostgresClient } from '../client.ts'

/** The connection of a writer, which may be made again. @internal */
export class WriterSession {
  readonly #connect: () => Promise<PostgresClient>
  #client: PostgresClient
  #closed = false

  /** `connect` makes a connection that is ready for a writer. */
  static async open(connect: () => Promise<PostgresClient>): Promise<WriterSession> {
    return new WriterSession(connect, await connect())
  }

  private constructor(connect: () => Promise<PostgresClient>, client: PostgresClient) {
    this.#connect = connect
    this.#client = client
  }

  get client(): PostgresClient {
    return this.#client
  }

  /**
   * A new connection in place of the old one, whose open transaction is lost.
   *
   * @throws FlinktsError as `PostgresDriver.connect`; FLINKTS_POSTGRES_CONNECTION_FAILED if it was
   * closed
   */
  async reconnect(): Promise<PostgresClient> {
    await this.#client.close()
    const client = await this.#connect()
    if (this.#closed) {
      await client.close()
      throw new FlinktsError('FLINKTS_POSTGRES_CONNECTION_FAILED', 'the writer was closed')
    }
    this.#client = client
    return client
  }

  /** Its open transaction is lost. */
  close(): Promise<void> {
    this.#closed = true
    return this.#client.close()
  }
}
