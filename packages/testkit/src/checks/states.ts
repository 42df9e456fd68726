import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { messageOf, type Serializer } from '@flinkts/core/connector'
import { failOn, violation } from '../engine/violation.ts'

/** Bytes of a serializer, as a checkpoint holds them. @internal */
export interface StateBytes {
  readonly version: number
  readonly bytes: Uint8Array
}

/** A kind of state of a connector. @internal */
export interface StateKind {
  /** Names its files: `committable`. */
  readonly kind: string
  readonly serializer: Serializer<unknown>
  /** What this release writes. */
  readonly own: readonly StateBytes[]
}

/** The states that releases have written: a file for each kind and version. @internal */
export class StateFolder {
  readonly #folder: URL

  constructor(folder: URL) {
    this.#folder = folder
  }

  /** What releases have written of a kind, the oldest version first. */
  read(kind: string): readonly (readonly StateBytes[])[] {
    if (!existsSync(this.#folder)) return []
    return readdirSync(this.#folder)
      .filter((name) => name.startsWith(`${kind}-`))
      .toSorted((left, right) => left.localeCompare(right, 'en', { numeric: true }))
      .map((name) => {
        const text = readFileSync(new URL(name, this.#folder), 'utf8')
        const { version, bytes } = JSON.parse(text) as StateFile
        return bytes.map((each) => ({ version, bytes: Buffer.from(each, 'base64') }))
      })
  }

  /** Keeps what this release writes, unless it is there. */
  write({ kind, serializer, own }: StateKind): void {
    const { version } = serializer
    const file = new URL(`${kind}-${version}.json`, this.#folder)
    if (own.length === 0 || existsSync(file)) return
    mkdirSync(this.#folder, { recursive: true })
    const bytes = [...new Set(own.map((each) => Buffer.from(each.bytes).toString('base64')))]
    writeFileSync(file, `${JSON.stringify({ version, bytes } satisfies StateFile, undefined, 2)}\n`)
  }

  /**
   * Every version must be read, and the current one written as it was; all that is read must go
   * through the bytes of this release.
   *
   * @throws FlinktsError FLINKTS_CONFORMANCE_VIOLATED
   */
  expectReadable({ kind, serializer, own }: StateKind): void {
    const versions = this.read(kind)
    const current = versions.some(([first]) => first?.version === serializer.version)
    if (own.length > 0 && !current) {
      const problem = `there is no ${kind} of version ${serializer.version} in the folder of states`
      throw violation(`${problem}: a run with FLINKTS_CONFORMANCE=full writes it`)
    }
    failOn(
      versions.flat().flatMap((state) => problemOf(kind, serializer, state)),
      'states of earlier releases',
    )
  }
}

interface StateFile {
  readonly version: number
  /** In base64. */
  readonly bytes: readonly string[]
}

function problemOf(
  kind: string,
  serializer: Serializer<unknown>,
  { version, bytes }: StateBytes,
): readonly string[] {
  try {
    const again = serializer.serialize(serializer.deserialize(version, bytes))
    serializer.deserialize(serializer.version, again)
    if (version !== serializer.version || Buffer.compare(again, bytes) === 0) return []
    return [`a ${kind} of version ${version} is written in another way than it was`]
  } catch (thrown) {
    return [`a ${kind} of version ${version} is not read: ${messageOf(thrown)}`]
  }
}
