import type { Api } from './api.ts'
import { type WireWriter, writeString } from './wire-writer.ts'
import type { WireReader } from './wire-reader.ts'

/** What has settings. @internal */
export interface ConfigResource {
  readonly kind: 'topic' | 'broker'
  /** Of the topic, or the number of the broker. */
  readonly name: string
}

/** @internal */
export interface ConfigResourceRequest extends ConfigResource {
  /** The settings to tell; undefined: all. */
  readonly settings: readonly string[] | undefined
}

/** @internal */
export interface DescribeConfigsRequest {
  readonly resources: readonly ConfigResourceRequest[]
}

/** @internal */
export interface ConfigEntry {
  readonly name: string
  /** Undefined: secret, or not set. */
  readonly value: string | undefined
}

/** @internal */
export interface ConfigResourceResponse {
  readonly name: string
  readonly errorCode: number
  readonly errorMessage: string | undefined
  readonly entries: readonly ConfigEntry[]
}

/** @internal */
export interface DescribeConfigsResponse {
  readonly resources: readonly ConfigResourceResponse[]
}

const resourceTypes: Readonly<Record<ConfigResource['kind'], number>> = { topic: 2, broker: 4 }

/** The settings of topics and of brokers. @internal */
export const describeConfigsApi: Api<DescribeConfigsRequest, DescribeConfigsResponse> = {
  name: 'DescribeConfigs',
  key: 32,
  versions: { min: 2, max: 4 },
  flexibleFrom: 4,
  encode: (writer, { resources }) => {
    writer.array(resources, writeResource)
    // Neither where a value comes from nor what it means.
    writer.boolean(false)
    if (writer.version >= 3) writer.boolean(false)
  },
  decode: (reader) => {
    reader.int32()
    const resources = reader.array(readResource)
    reader.tags()
    return { resources }
  },
}

function writeResource(writer: WireWriter, resource: ConfigResourceRequest): void {
  writer.int8(resourceTypes[resource.kind])
  writer.string(resource.name)
  writer.nullableArray(resource.settings, writeString)
  writer.noTags()
}

function readResource(reader: WireReader): ConfigResourceResponse {
  const errorCode = reader.int16()
  const errorMessage = reader.nullableString()
  reader.int8()
  const name = reader.string()
  const entries = reader.array(readEntry)
  reader.tags()
  return { name, errorCode, errorMessage, entries }
}

function readEntry(reader: WireReader): ConfigEntry {
  const name = reader.string()
  const value = reader.nullableString()
  reader.boolean()
  reader.int8()
  reader.boolean()
  reader.array(passSynonym)
  if (reader.version >= 3) {
    reader.int8()
    reader.nullableString()
  }
  reader.tags()
  return { name, value }
}

function passSynonym(reader: WireReader): void {
  reader.string()
  reader.nullableString()
  reader.int8()
  reader.tags()
}
