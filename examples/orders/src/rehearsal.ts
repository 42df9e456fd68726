/** One run of the story, from an empty database to the verified result. */
import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'pg'
import { Drill, killMoments } from './drill.ts'
import { startPostgres } from './embedded-postgres.ts'
import type { Ending } from './ending.ts'
import { LookOut } from './look-out.ts'
import type { Options } from './options.ts'
import { Random } from './random.ts'
import { type Result, say } from './report.ts'
import type { Scratch } from './scratch.ts'
import { createTables, insertLastRow, readTables } from './tables.ts'
import { verify } from './verify.ts'
import { currentLsn, hearWitness, placeWitness, slotExists } from './witness.ts'
import { startWorkload } from './workload.ts'

const catchUpTimeoutMs = 120_000
/**
 * The first kill comes so soon after the job has begun that it mostly hits its snapshot, somewhere.
 */
const snapshotMs = 1500

/** Plays it all; what it starts, it leaves to `ending`. */
export async function rehearse(
  options: Options,
  scratch: Scratch,
  ending: Ending,
): Promise<Result> {
  const onFailure = (error: unknown): void => ending.fail(error)
  const { url, client } = await prepareDatabase(options, scratch, ending)
  const workload = await startWorkload({ url, seed: options.seed, onFailure })
  say('three connections insert, update, delete and roll back')

  const drill = new Drill({ ...scratch, url, say, onFailure })
  ending.defer(() => drill.close())
  const lookOut = new LookOut({ ...scratch, drill, onFailure })
  const streamedSince = lookOut.streaming.then(() => currentLsn(client))
  streamedSince.catch(onFailure)
  await drill.start()
  say('the job runs, as you would run it: npx flinkts run examples/orders/src/job.ts')
  await strike(options, { drill, lookOut, client })

  const counts = await workload.stop()
  await insertLastRow(client)
  const tables = await readTables(client)
  say('nothing changes any more; the job catches up')
  await lookOut.lastRow(AbortSignal.timeout(catchUpTimeoutMs))
  await drill.stop()
  say('all is in the files, and the job has stopped; now they are compared with the tables')

  const complaints = await lookOut.stop()
  const logged = await hearWitness(client)
  const verification = await verify({
    ...scratch,
    tables,
    logged,
    streamedSince: await streamedSince,
  })
  say('compared')
  return {
    rowsAtStart: options.rows,
    rowsAtEnd: [...tables.values()].reduce((sum, { size }) => sum + size, 0),
    workload: counts,
    drill: drill.counts,
    verification,
    complaints,
  }
}

async function prepareDatabase(
  { rows }: Options,
  { postgres }: Scratch,
  ending: Ending,
): Promise<{ readonly url: string; readonly client: Client }> {
  const starting = startPostgres(postgres)
  // An interruption waits for the start: nothing must be written into what is being removed.
  ending.defer(async () => (await starting.catch(() => undefined))?.stop())
  const server = await starting
  say(`Postgres ${server.version} answers on port ${server.port}`)
  const client = new Client({ connectionString: server.url })
  await client.connect()
  ending.defer(() => client.end())
  // When the server is stopped first, nobody misses the connection.
  client.on('error', () => undefined)
  await createTables(client, rows)
  await placeWitness(client)
  say(`${rows.toLocaleString('en-US')} rows are in the tables "customers" and "orders"`)
  return { url: server.url, client }
}

/** Kills the job as often as asked, at random moments, until the time is over. */
async function strike(
  { kills, seconds, seed }: Options,
  {
    drill,
    lookOut,
    client,
  }: { readonly drill: Drill; readonly lookOut: LookOut; readonly client: Client },
): Promise<void> {
  const startedAt = performance.now()
  const durationMs = seconds * 1000
  const random = new Random(seed)
  for (const [index, moment] of killMoments(random, { kills, durationMs }).entries()) {
    if (index === 0) await snapshotBegins(client, random)
    else await until(startedAt + moment)
    await drill.killAndRestart(
      lookOut.streams ? undefined : 'while it reads the rows that were there',
    )
  }
  await until(startedAt + durationMs)
}

async function snapshotBegins(client: Client, random: Random): Promise<void> {
  while (!(await slotExists(client))) await delay(20)
  await delay(random.below(snapshotMs))
}

/** @param moment - as `performance.now()` counts */
async function until(moment: number): Promise<void> {
  await delay(Math.max(0, moment - performance.now()))
}
