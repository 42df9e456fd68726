/**
 * `careful-library-main.ts <output folder> <state folder>`: rows and changes of `orders` as JSON
 * lines, by the library pg-logical-replication, as carefully as it allows: a transaction is
 * acknowledged when it is synced to the file, and received no faster than it is written.
 */
import { once } from 'node:events'
import {
  createWriteStream,
  existsSync,
  fdatasyncSync,
  openSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import path from 'node:path'
import { finished } from 'node:stream/promises'
import { Client } from 'pg'
import { LogicalReplicationService, type Pgoutput, PgoutputPlugin } from 'pg-logical-replication'
import QueryStream from 'pg-query-stream'

const [outputFolder = '', stateFolder = ''] = process.argv.slice(2)
const { PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE } = process.env
const connection = {
  host: PGHOST,
  port: Number(PGPORT),
  user: PGUSER,
  password: PGPASSWORD,
  database: PGDATABASE,
}
const publication = 'library_publication'
const slot = 'library_slot'
const snapshotDone = path.join(stateFolder, 'snapshot-done')
const outputFile = path.join(outputFolder, 'orders.jsonl')
const batchRows = 5000
const flushBytes = 1_048_576
const flushMs = 1000
const reconnectMs = 100

process.on('SIGTERM', () => process.exit(0))
await prepare()
streamChanges()

async function prepare(): Promise<void> {
  const client = new Client(connection)
  await client.connect()
  const found = await client.query('select from pg_publication where pubname = $1', [publication])
  if (found.rowCount === 0) await client.query(`create publication ${publication} for table orders`)
  const slots = await client.query('select from pg_replication_slots where slot_name = $1', [slot])
  if (slots.rowCount === 0) {
    await client.query('select pg_create_logical_replication_slot($1, $2)', [slot, 'pgoutput'])
  }
  if (!existsSync(snapshotDone)) await copyRows(client)
  await client.end()
}

async function copyRows(client: Client): Promise<void> {
  const options = { batchSize: batchRows, highWaterMark: batchRows }
  const rows = client.query(new QueryStream('select * from orders', [], options))
  const file = createWriteStream(outputFile, { flags: 'a', highWaterMark: flushBytes })
  for await (const row of rows as AsyncIterable<{ readonly id: string }>) {
    const line = `${JSON.stringify({ operation: 'read', id: row.id, row })}\n`
    if (!file.write(line)) await once(file, 'drain')
  }
  file.end()
  await finished(file)
  writeFileSync(snapshotDone, '')
}

function streamChanges(): void {
  const service = new LogicalReplicationService(connection, {
    acknowledge: { auto: false, timeoutSeconds: 10 },
    flowControl: { enabled: true },
  })
  const file = openSync(outputFile, 'a')
  /** Lines of the open transaction, and of those that are whole. */
  let open: string[] = []
  let whole: string[] = []
  let bytes = 0
  /** The end of the last whole transaction. */
  let end: string | undefined
  let flushedMs = performance.now()

  async function flush(): Promise<void> {
    if (end === undefined) return
    const acknowledged = end
    const text = whole.join('')
    whole = []
    bytes = 0
    end = undefined
    if (text !== '') {
      writeSync(file, text)
      fdatasyncSync(file)
    }
    flushedMs = performance.now()
    await service.acknowledge(acknowledged)
  }

  const flushIsDue = (): boolean => performance.now() - flushedMs > flushMs
  service.on('data', async (lsn: string, message: Pgoutput.Message) => {
    const line = lineOf(message)
    if (line !== undefined) {
      open.push(line)
      bytes += line.length
    }
    if (message.tag !== 'commit') return
    whole.push(...open)
    open = []
    end = message.commitEndLsn ?? lsn
    if (bytes > flushBytes || flushIsDue()) await flush()
  })
  service.on('error', (error: Error) => console.error('the stream failed:', error.message))
  setInterval(() => {
    if (flushIsDue()) void flush()
  }, flushMs / 2)

  const plugin = new PgoutputPlugin({ protoVersion: 1, publicationNames: [publication] })
  async function subscribe(): Promise<void> {
    // What was not acknowledged comes again.
    open = []
    try {
      await service.subscribe(plugin, slot)
    } catch (error) {
      console.error('the stream ended:', error)
    }
    setTimeout(() => void subscribe(), reconnectMs)
  }
  void subscribe()
}

function lineOf(message: Pgoutput.Message): string | undefined {
  switch (message.tag) {
    case 'insert':
    case 'update':
      return jsonLine(message.tag, message.new, message.new)
    case 'delete':
      return jsonLine(message.tag, message.key ?? message.old ?? {}, undefined)
    default:
      return undefined
  }
}

type Fields = Readonly<Record<string, unknown>>

function jsonLine(operation: string, key: Fields, row: Fields | undefined): string {
  return `${JSON.stringify({ operation, id: key['id'], row })}\n`
}
