import { FlinktsError } from '@flinkts/core/connector'
import type { PostgresClient, PostgresDriver } from '../client.ts'
import { quoteIdentifier, quoteLiteral } from '../records/relation.ts'
import type { PostgresCdcOptions } from '../options.ts'
import { resolvePostgresCdcOptions } from '../options.ts'
import { defaultName } from '../runtime/names.ts'
import { TypeCatalog } from '../values/type-catalog.ts'
import { readPublication } from './publication.ts'
import { readSlot, slotInUse } from './slot.ts'

/** The job of a source, after which its slot is named unless the options name one. @public */
export interface SourceOwner {
  readonly jobName: string
  readonly operatorId: string
}

/** What was there and is gone. @public */
export interface Removed {
  /** The name of the slot; undefined: there was none. */
  readonly slot: string | undefined
  /** The name of the publication; undefined: there was none, or it is not managed. */
  readonly publication: string | undefined
}

/**
 * Drops what a source has left on the server, which only grows while nobody reads it: the slot, and
 * the publication if the source manages it. No checkpoint of the job can be restored after that.
 *
 * @throws FlinktsError FLINKTS_POSTGRES_SLOT_IN_USE while the job runs
 * @internal
 */
export async function removeFrom(
  driver: PostgresDriver,
  options: PostgresCdcOptions,
  owner: SourceOwner | undefined,
): Promise<Removed> {
  const { connection, managePublication, ...names } = resolvePostgresCdcOptions(options)
  const slot = names.slot ?? ownedName(owner)
  const publication = names.publication ?? slot
  const client = await driver.connect(connection, {
    applicationName: 'flinkts/removal',
    types: new TypeCatalog(),
  })
  try {
    const slotDropped = await dropSlot(client, slot)
    const publicationDropped = managePublication && (await dropPublication(client, publication))
    return {
      slot: slotDropped ? slot : undefined,
      publication: publicationDropped ? publication : undefined,
    }
  } finally {
    await client.close()
  }
}

async function dropSlot(client: PostgresClient, slot: string): Promise<boolean> {
  const found = await readSlot(client, slot)
  if (found === undefined) return false
  if (found.activePid !== undefined) throw slotInUse(found, 0)
  await client.query(`SELECT pg_drop_replication_slot(${quoteLiteral(slot)})`)
  return true
}

async function dropPublication(client: PostgresClient, publication: string): Promise<boolean> {
  if ((await readPublication(client, publication)) === undefined) return false
  await client.query(`DROP PUBLICATION ${quoteIdentifier(publication)}`)
  return true
}

function ownedName(owner: SourceOwner | undefined): string {
  if (owner !== undefined) return defaultName(owner.jobName, owner.operatorId)
  throw new FlinktsError('FLINKTS_OPTION_INVALID', 'it is not known which slot to drop', {
    hint: 'Give the option "slot", or the names of the job and of its operator.',
  })
}
