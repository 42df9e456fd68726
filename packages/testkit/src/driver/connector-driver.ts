/** What JSON can hold: it goes to other processes. @public */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue }

/** What the drivers of sinks and of sources have in common. @public */
export interface ConnectorDriver<
  Capabilities extends object,
  Target extends JsonValue = JsonValue,
> {
  /** Names the connector in reports, such as `filesystem sink`. */
  readonly name: string
  /** The URL of the module that exports this driver: `import.meta.url`. */
  readonly module: string
  /** What the connector promises. */
  readonly capabilities: Capabilities
  /**
   * The versions of what is tested, such as `{ '@flinkts/filesystem': '0.1.0', server: '17.2' }`.
   */
  versions(): Promise<Readonly<Record<string, string>>>
  /** Makes a place of its own, without records, that nothing else uses. */
  setup(): Promise<Target>
  /**
   * The same, where what the connector names (a table, a directory) has this name: text without
   * `/`, of at most 63 bytes.
   */
  setupNamed?(name: string): Promise<Target>
  /**
   * What looks like the target and cannot be used: an address at which nobody listens, a wrong
   * password, a file where a directory is to be.
   */
  unreachable?(target: Target): Promise<readonly UnreachableTarget<Target>[]>
  /** Options with one mistake each, of every kind of mistake that there is. */
  invalidOptions?(): readonly InvalidOptions[]
  /** What may be in no log line, error or checkpoint: passwords, tokens. */
  secrets?(target: Target): readonly string[]
  /**
   * Changes the schema of the target while the connector works: adds a column that it does not
   * know, or drops that of the payload. What is there stays readable. It may wait until what is
   * prepared is committed.
   */
  alterTarget?(target: Target, change: SchemaChange): Promise<void>
  /**
   * The folder of the states that releases have written: a `file:` URL that ends in `/`. A full run
   * adds those of this release.
   */
  readonly states?: URL
  /** Ends every connection of the connector, as the death of its process does. */
  killConnections?(target: Target): Promise<void>
  /**
   * Ends each connection of the connector when the system has sent so many more bytes on it: in the
   * middle of what it sends, or, with 0, when it has acted, before it says so. A `startProxy` of
   * `@flinkts/testkit/proxy` does it.
   */
  breakConnections?(target: Target, byteCount: number): Promise<void>
  /** Removes the target and everything in it. */
  clean(target: Target): Promise<void>
}

/** How a schema changes under a connector. @public */
export type SchemaChange = 'added' | 'dropped'

/** A target that fails whoever uses it. @public */
export interface UnreachableTarget<Target extends JsonValue = JsonValue> {
  /** Why, for messages: `nobody listens`. */
  readonly because: string
  readonly target: Target
  /** Whether a restart of the job may help: as `FlinktsError.retryable` is to say. */
  readonly retryable: boolean
}

/** Options with one mistake. @public */
export interface InvalidOptions {
  readonly mistake: 'left-out' | 'misspelt' | 'out-of-range'
  /** The option that is meant, which the error must name: of a misspelt one the right name. */
  readonly option: string
  /** Makes the connector with them; must throw. */
  create(): unknown
}
