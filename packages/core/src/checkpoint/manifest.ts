import { crc32c } from '../common/crc32c.ts'
import { FlinktsError } from '../common/errors.ts'
import type { CheckpointKind } from '../network/stream-element.ts'
import {
  type CommittableItem,
  type KeyedStateHandle,
  type OperatorStateList,
  type OperatorSubtaskState,
  type StateFileHandle,
  type StateItem,
  stateKinds,
} from '../state/operator-state.ts'
import { JsonFields, parseJson } from './json-fields.ts'

/**
 * `manifest.json` is indented JSON, made to be read by people:
 *
 *   { "format": "flinkts-manifest", "version": 1, "crc32c": "8 hex digits", "body": { ... } }
 *
 * The checksum (CRC-32C) is over the UTF-8 bytes of the body as compact JSON, fields in the order
 * in which they stand. Byte values that are UTF-8 stand as { "version", "text" }, others as
 * { "version", "base64" }.
 */

/** What a checkpoint holds of one operator. @internal */
export interface OperatorManifest {
  readonly operatorId: string
  /** The type of the operator in the plan, which it must still have when it is restored. */
  readonly kind: string
  readonly parallelism: number
  /** The state of the split enumerator of a source. */
  readonly enumerator?: StateItem
  readonly subtasks: readonly OperatorSubtaskState[]
}

/** Everything that a completed checkpoint is, except the bytes of state files. @internal */
export interface CheckpointManifest {
  readonly formatVersion: 2
  readonly jobName: string
  /** The lineage of the checkpoint; see `ConnectorContext.jobId`. */
  readonly jobId: string
  /** From 1; grows within a lineage. */
  readonly checkpointId: number
  /** The attempt that took it, from 1. */
  readonly attempt: number
  readonly kind: CheckpointKind
  /** Milliseconds since 1970. */
  readonly createdAtMs: number
  readonly planFingerprint: string
  readonly maxParallelism: number
  readonly operators: readonly OperatorManifest[]
}

const format = 'flinkts-manifest'
const formatVersion = 2
const kinds = ['periodic', 'final', 'stop'] as const
const distributions = ['split', 'union', 'broadcast'] as const

/** The bytes of `manifest.json`. @internal */
export function encodeManifest(manifest: CheckpointManifest): Uint8Array {
  const body = { ...manifest, operators: manifest.operators.map(operatorToJson) }
  const document = { format, version: formatVersion, crc32c: checksumOf(body), body }
  return new TextEncoder().encode(`${JSON.stringify(document, undefined, 2)}\n`)
}

/**
 * Reads the bytes of `manifest.json`; everything is checked.
 *
 * @throws FlinktsError FLINKTS_CHECKPOINT_CORRUPT if they are truncated or changed,
 * FLINKTS_STATE_UNREADABLE if a release with another format wrote them.
 * @internal
 */
export function decodeManifest(bytes: Uint8Array): CheckpointManifest {
  const document = new JsonFields(parseJson(bytes, 'the manifest'), 'manifest')
  document.oneOf('format', [format])
  checkVersion(document.integer('version', 1))
  const checksum = document.string('crc32c')
  const body = document.unknown('body')
  document.end()
  if (checksumOf(body) !== checksum) {
    throw new FlinktsError('FLINKTS_CHECKPOINT_CORRUPT', 'the manifest has a wrong checksum', {
      hint: 'The file was changed after it had been written.',
    })
  }
  return parseBody(new JsonFields(body, 'manifest.body'))
}

function checkVersion(version: number): void {
  if (version === formatVersion) return
  throw new FlinktsError(
    'FLINKTS_STATE_UNREADABLE',
    `the manifest has version ${version}, this release reads ${formatVersion}`,
    { hint: 'Restore the checkpoint with the release of flinkts that wrote it, or a newer one.' },
  )
}

function checksumOf(body: unknown): string {
  const bytes = new TextEncoder().encode(JSON.stringify(body))
  return crc32c(bytes).toString(16).padStart(8, '0')
}

type JsonItem = { readonly version: number } & (
  | { readonly text: string }
  | { readonly base64: string }
)

function operatorToJson(operator: OperatorManifest): object {
  const { enumerator, subtasks, ...rest } = operator
  return {
    ...rest,
    ...(enumerator === undefined ? {} : { enumerator: itemToJson(enumerator) }),
    subtasks: subtasks.map(subtaskToJson),
  }
}

function subtaskToJson(state: OperatorSubtaskState): object {
  return {
    operatorId: state.operatorId,
    subtask: state.subtask,
    lists: state.lists.map((list) => ({ ...list, items: list.items.map(itemToJson) })),
    ...(state.listFile === undefined ? {} : { listFile: state.listFile }),
    committables: state.committables.map((item) => ({
      checkpointId: item.checkpointId,
      ...itemToJson(item),
    })),
    ...(state.keyed === undefined ? {} : { keyed: state.keyed }),
  }
}

function itemToJson(item: StateItem): JsonItem {
  const text = textOf(item.bytes)
  if (text !== undefined) return { version: item.version, text }
  return { version: item.version, base64: Buffer.from(item.bytes).toString('base64') }
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    // A byte order mark must survive: the bytes of the item are not ours.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function parseBody(body: JsonFields): CheckpointManifest {
  checkVersion(body.integer('formatVersion', 1))
  const manifest: CheckpointManifest = {
    formatVersion,
    jobName: body.string('jobName'),
    jobId: body.string('jobId'),
    checkpointId: body.integer('checkpointId', 1),
    attempt: body.integer('attempt', 1),
    kind: body.oneOf('kind', kinds),
    createdAtMs: body.integer('createdAtMs', 0),
    planFingerprint: body.string('planFingerprint'),
    maxParallelism: body.integer('maxParallelism', 1),
    operators: body.list('operators', parseOperator),
  }
  body.end()
  return manifest
}

function parseOperator(fields: JsonFields): OperatorManifest {
  const operator: OperatorManifest = {
    operatorId: fields.string('operatorId'),
    kind: fields.string('kind'),
    parallelism: fields.integer('parallelism', 1),
    ...(fields.has('enumerator') ? { enumerator: parseItem(fields.object('enumerator')) } : {}),
    subtasks: fields.list('subtasks', parseSubtask),
  }
  fields.end()
  return operator
}

function parseSubtask(fields: JsonFields): OperatorSubtaskState {
  const state: OperatorSubtaskState = {
    operatorId: fields.string('operatorId'),
    subtask: fields.integer('subtask', 0),
    lists: fields.list('lists', parseList),
    ...(fields.has('listFile') ? { listFile: parseListFile(fields.object('listFile')) } : {}),
    committables: fields.list('committables', parseCommittable),
    keyed: fields.has('keyed') ? parseKeyed(fields.object('keyed')) : undefined,
  }
  fields.end()
  return state
}

function parseList(fields: JsonFields): OperatorStateList {
  const list: OperatorStateList = {
    name: fields.string('name'),
    distribution: fields.oneOf('distribution', distributions),
    items: fields.list('items', parseItem),
  }
  fields.end()
  return list
}

function parseListFile(fields: JsonFields): StateFileHandle {
  const file = { path: fields.string('path'), bytes: fields.integer('bytes', 0) }
  fields.end()
  return file
}

function parseCommittable(fields: JsonFields): CommittableItem {
  const checkpointId = fields.integer('checkpointId', 1)
  return { checkpointId, ...parseItem(fields) }
}

function parseItem(fields: JsonFields): StateItem {
  const version = fields.integer('version', 0)
  const bytes = fields.has('text')
    ? new TextEncoder().encode(fields.string('text'))
    : new Uint8Array(Buffer.from(fields.string('base64'), 'base64'))
  fields.end()
  return { version, bytes }
}

function parseKeyed(fields: JsonFields): KeyedStateHandle {
  const keyed: KeyedStateHandle = {
    path: fields.string('path'),
    bytes: fields.integer('bytes', 0),
    states: fields.list('states', (state) => {
      const info = { name: state.string('name'), kind: state.oneOf('kind', stateKinds) }
      state.end()
      return info
    }),
  }
  fields.end()
  return keyed
}
