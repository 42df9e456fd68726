import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { Client } from 'pg'
import { withDatabase } from './database.ts'
import type { OutputFormat } from './output-formats.ts'
import type { Login } from '../postgres-server.ts'
import { type FinalRow, type TrueChange, type Verdict, Verifier } from './verifier.ts'

const readBytes = 2 ** 20
const rowsAtATime = 50_000

/** Reads all that a peer wrote and compares it with the database. */
export async function verifyOutput(
  output: { readonly folder: string; readonly format: OutputFormat },
  login: Login,
  start: { readonly rows: number; readonly mergeableSeq: number },
): Promise<Verdict> {
  return withDatabase(login, async (client) => {
    const verifier = new Verifier({ ...start, changes: await readChanges(client) })
    for (const file of await outputFiles(output.folder, output.format)) {
      await addFile(verifier, file, output.format)
    }
    await compareRows(verifier, client)
    return verifier.finish()
  })
}

/** The files of a peer's output, in the order of their events. */
async function outputFiles(folder: string, format: OutputFormat): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile() && format.files.test(entry.name))
    .filter((entry) => !entry.name.startsWith('.'))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .toSorted(format.order)
}

async function addFile(verifier: Verifier, file: string, format: OutputFormat): Promise<void> {
  const parse = format.createParser()
  const input = createReadStream(file, { highWaterMark: readBytes })
  for await (const line of createInterface({ input, crlfDelay: Infinity })) {
    if (line === '') continue
    try {
      const event = parse(line)
      if (event !== undefined) verifier.add(event)
    } catch {
      verifier.addMalformed(line)
    }
  }
}

async function readChanges(client: Client): Promise<readonly TrueChange[]> {
  const changes: TrueChange[] = []
  for (;;) {
    const { rows } = await client.query<{ seq: string; operation: string; id: string }>(
      'select seq, operation, id from workload_log where seq > $1 order by seq limit $2',
      [changes.length, rowsAtATime],
    )
    if (rows.length === 0) return changes
    for (const { seq, operation, id } of rows) {
      changes.push({
        seq: Number(seq),
        operation: operation as TrueChange['operation'],
        id: Number(id),
      })
    }
  }
}

async function compareRows(verifier: Verifier, client: Client): Promise<void> {
  let lastId = 0
  for (;;) {
    const { rows } = await client.query<Record<keyof FinalRow, string>>(
      `select id, customer_id::text as "customerId", amount::text, status, note,
        to_char(created_at, 'YYYY-MM-DD"T"HH24:MI:SS.US') as "createdAt", payload::text
      from orders where id > $1 order by id limit $2`,
      [lastId, rowsAtATime],
    )
    if (rows.length === 0) return
    for (const row of rows) verifier.compare({ ...row, id: Number(row.id) })
    lastId = Number(rows.at(-1)?.id)
  }
}
