import { FlinktsError } from '@flinkts/core/connector'
import { WireReader } from './wire-reader.ts'
import { WireWriter } from './wire-writer.ts'

/** Versions of an API, both inclusive. @internal */
export interface VersionRange {
  readonly min: number
  readonly max: number
}

/** What a broker speaks, by the key of the API. @internal */
export type BrokerVersions = ReadonlyMap<number, VersionRange>

/** How one API of Kafka is spoken. @internal */
export interface Api<Request, Response> {
  /** As in Kafka's documentation of its protocol. */
  readonly name: string
  readonly key: number
  /** The versions that this connector speaks. */
  readonly versions: VersionRange
  /** The first version with compact forms and tagged fields. */
  readonly flexibleFrom: number
  readonly encode: (writer: WireWriter, request: Request) => void
  readonly decode: (reader: WireReader) => Response
}

/** The oldest Kafka that has all of what is spoken here. @internal */
export const oldestKafka = '3.0'

/**
 * The body of a request, as it follows the header of version 1. The header of flexible versions
 * differs only in its tagged fields at the end, which are here.
 *
 * @param sizeHintBytes - Room for the body, if it will be large.
 * @internal
 */
export function encodeRequest<Request>(
  api: Api<Request, unknown>,
  version: number,
  request: Request,
  sizeHintBytes?: number,
): Buffer {
  const flexible = version >= api.flexibleFrom
  const writer = new WireWriter({ version, flexible, sizeHintBytes })
  writer.noTags()
  api.encode(writer, request)
  writer.noTags()
  return writer.finish()
}

/**
 * A response from its body, as it follows the correlation id.
 *
 * @throws FlinktsError FLINKTS_KAFKA_PROTOCOL_VIOLATED
 * @internal
 */
export function decodeResponse<Response>(
  api: Api<never, Response>,
  version: number,
  body: Buffer,
): Response {
  const flexible = version >= api.flexibleFrom
  const reader = new WireReader(body, { api: api.name, version, flexible })
  reader.tags()
  const response = api.decode(reader)
  reader.expectEnd()
  return response
}

/**
 * The newest version that both sides speak.
 *
 * @param broker - Its address, for the message.
 * @throws FlinktsError FLINKTS_KAFKA_BROKER_UNSUPPORTED
 * @internal
 */
export function negotiateVersion(
  api: Api<never, unknown>,
  spoken: BrokerVersions,
  broker: string,
): number {
  const { min, max } = api.versions
  const theirs = spoken.get(api.key)
  const version = Math.min(max, theirs?.max ?? -1)
  if (theirs !== undefined && version >= Math.max(min, theirs.min)) return version
  const range =
    theirs === undefined ? 'does not know it' : `speaks v${theirs.min} to v${theirs.max}`
  throw new FlinktsError(
    'FLINKTS_KAFKA_BROKER_UNSUPPORTED',
    `the broker "${broker}" ${range}: ${api.name}, of which flinkts speaks v${min} to v${max}`,
    { hint: `Use Kafka ${oldestKafka} or newer, and a version of flinkts that knows the broker.` },
  )
}
