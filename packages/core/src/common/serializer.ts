/**
 * Turns values into bytes that a later release can still read: `version` is stored beside the bytes
 * and given back to `deserialize`, which must read its own and every older version, and throws
 * `FLINKTS_STATE_UNREADABLE` for one that it does not know.
 *
 * @public
 */
export interface Serializer<T> {
  /** The version that `serialize` writes; a whole number from 1. */
  readonly version: number
  serialize(value: T): Uint8Array
  deserialize(version: number, bytes: Uint8Array): T
}
